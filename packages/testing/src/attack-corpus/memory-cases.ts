import type { AttackCase } from "./attack-case.ts";

/** Memory used up, in the heap and outside of it, by values, by source and by what crosses the boundary. */
export const memoryCases: readonly AttackCase[] = [
  {
    name: "a BigInt with a hundred million bits",
    source: "isolated-vm #198 (measured)",
    expect: "contained",
    blocks: [`(2n ** (2n ** 27n)).toString();`],
  },
  {
    name: "BigInts multiplied for ever",
    source: "measured",
    expect: "contained",
    blocks: [`let n = 3n; for (;;) n *= n;`],
  },
  {
    name: "a sparse array filled",
    source: "measured",
    expect: "contained",
    blocks: [`new Array(2 ** 32 - 1).fill(0);`],
  },
  {
    name: "an array of fifty million filled",
    source: "measured",
    expect: "contained",
    blocks: [`new Array(5e7).fill(1).map((x) => ({ x }));`],
  },
  {
    name: "objects kept for ever",
    source: "isolated-vm #527",
    expect: "lost",
    blocks: [`const kept = []; for (;;) kept.push({ a: [1, 2, 3] });`],
  },
  {
    name: "a Map filled for ever",
    source: "isolated-vm #527 (measured)",
    expect: "lost",
    blocks: [`const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });`],
  },
  {
    name: "a Set filled for ever",
    source: "isolated-vm #527",
    expect: "lost",
    blocks: [`const s = new Set(); for (let i = 0; ; i++) s.add({ i });`],
  },
  {
    name: "an honest word count of three million words",
    source: "isolated-vm #457 (measured)",
    expect: "contained",
    blocks: [`const o = {}; for (let i = 0; i < 3e6; i++) o["k" + i] = i;`],
  },
  {
    name: "a string doubled for ever",
    source: "measured",
    expect: "contained",
    blocks: [`let s = "x"; for (;;) s += s;`],
  },
  {
    name: "a rope of half a gigabyte handed out",
    source: "measured: 0 to 536 MB on the host",
    expect: "contained",
    blocks: [
      `let s = "x"; while (s.length < 2 ** 29 - 100) s += s.length < 2 ** 28 ? s : "x"; echo(s);`,
      `let s = "x".repeat(2 ** 28); print(s); s`,
    ],
  },
  {
    name: "a string of a thousand million spread",
    source: "isolated-vm #107",
    expect: "contained",
    blocks: [`[...".".repeat(5e8)];`],
  },
  {
    name: "Array.from of a huge length",
    source: "measured",
    expect: "contained",
    blocks: [`Array.from({ length: 5e8 }, (_, i) => i);`],
  },
  {
    name: "toSorted of a huge length",
    source: "measured: V8 aborts",
    expect: "contained",
    blocks: [`Array.prototype.toSorted.call({ length: 2 ** 32 - 2 });`],
  },
  {
    name: "toSpliced and with of a huge length",
    source: "measured: V8 aborts",
    expect: "contained",
    blocks: [
      `try { Array.prototype.toSpliced.call({ length: 2 ** 32 - 2 }, 0, 0); } catch {} Array.prototype.with.call({ length: 2 ** 32 - 2 }, 0, 0);`,
    ],
  },
  {
    name: "typed arrays kept for ever",
    source: "measured",
    expect: "contained",
    blocks: [`const kept = []; for (;;) kept.push(new Uint8Array(1e6).fill(1));`],
  },
  {
    name: "buffers that grow outside the heap",
    source: "measured: 4 GB at a limit of 64 MB",
    expect: "contained",
    blocks: [
      `const kept = []; for (;;) { const b = new ArrayBuffer(8, { maxByteLength: 2 ** 28 }); b.resize?.(2 ** 28); new Uint8Array(b).fill(1); kept.push(b); }`,
    ],
  },
  {
    name: "shared buffers outside the heap",
    source: "measured",
    expect: "contained",
    blocks: [
      `const kept = []; for (;;) { const b = new SharedArrayBuffer(2 ** 26); new Uint8Array(b).fill(1); kept.push(b); }`,
    ],
  },
  {
    name: "WebAssembly memories outside the heap",
    source: "measured: 2 GB in 1.5 s",
    expect: "contained",
    blocks: [
      `const kept = []; for (;;) { const m = new WebAssembly.Memory({ initial: 16384 }); new Uint8Array(m.buffer).fill(1); kept.push(m); }`,
    ],
  },
  { name: "endless recursion", source: "node:vm", expect: "ends", blocks: [`const f = () => f(); f();`] },
  {
    name: "recursion through JSON, getters and proxies",
    source: "vm2, CVE-2019-10761",
    expect: "contained",
    blocks: [
      `const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); try { p.x; } catch {} let deep = []; for (let i = 0; i < 1e6; i++) deep = [deep]; JSON.stringify(deep);`,
    ],
  },
  {
    name: "a value a million levels deep as argument and echo",
    source: "measured: depth",
    expect: "contained",
    blocks: [
      `let deep = []; for (let i = 0; i < 1e6; i++) deep = [deep]; globalThis.deep = deep; try { await echo(deep); } catch {} print(deep); deep`,
      `VARIABLES();`,
    ],
  },
  {
    name: "a value that doubles forty times",
    source: "measured: DAG of 2^40",
    expect: "contained",
    blocks: [
      `let dag = [1]; for (let i = 0; i < 40; i++) dag = [dag, dag]; globalThis.dag = dag; try { await echo(dag); } catch {} print(dag); dag`,
    ],
  },
  {
    name: "a sparse array of two thousand million as argument and echo",
    source: "measured: 12 s, 1.6 GB",
    expect: "contained",
    blocks: [
      `const sparse = []; sparse[2 ** 31] = 1; globalThis.sparse = sparse; try { await echo(sparse); } catch {} print(sparse); sparse`,
    ],
  },
  {
    name: "a value in a circle as argument and echo",
    source: "measured",
    expect: "ends",
    blocks: [
      `const round = {}; round.round = round; globalThis.round = round; try { await echo(round); } catch {} print(round); round`,
    ],
  },
  {
    name: "an object of a million keys as echo and variable",
    source: "measured",
    expect: "contained",
    blocks: [
      `globalThis.wide = {}; for (let i = 0; i < 3e5; i++) wide["k" + i] = i; try { await echo(wide); } catch {} wide`,
    ],
  },
  {
    name: "a hundred thousand variables",
    source: "measured",
    expect: "contained",
    blocks: [`for (let i = 0; i < 1e5; i++) globalThis["v" + i] = i;`, `VARIABLES().length`],
  },
  {
    name: "a source of nested brackets",
    source: "measured: parsers overflow",
    expect: "contained",
    blocks: ["[".repeat(50_000) + "]".repeat(50_000), `print("next");`],
  },
  {
    name: "a source of nested functions",
    source: "measured: parsers overflow",
    expect: "contained",
    blocks: [`${"(() => ".repeat(20_000)}1${")".repeat(20_000)}`, `print("next");`],
  },
  {
    name: "a source of a long sum",
    source: "measured: parsers overflow",
    expect: "contained",
    blocks: [`0${"+1".repeat(100_000)}`, `print("next");`],
  },
  {
    name: "a source made at run time, of half a megabyte of brackets",
    source: "measured",
    expect: "contained",
    blocks: [
      `eval("[".repeat(5e5));`,
      `new Function("a", "return " + "(".repeat(5e5));`,
      `new RegExp("(".repeat(1e5) + ")".repeat(1e5));`,
    ],
  },
  {
    name: "symbols and functions registered for ever",
    source: "measured",
    expect: "contained",
    blocks: [`for (let i = 0; ; i++) Symbol.for("s" + i);`],
  },
  {
    name: "code compiled for ever",
    source: "measured",
    expect: "contained",
    blocks: [`for (let i = 0; ; i++) new Function("return " + i)();`],
  },
];
