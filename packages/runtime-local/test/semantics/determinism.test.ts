import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { NOW, payload, ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const open = () => ReplDriver.open(runtime);

describe("the clock", () => {
  test("stands at the block's time and moves with each answer only", async () => {
    const repl = await open();
    const code =
      "const t = [Date.now(), new Date().getTime(), +new Date()]; for (let i = 0; i < 1e6; i++); t.push(Date.now()); await readFile('a'); t.push(Date.now()); t.map((x) => x - 1_700_000_000_000)";
    expect(NOW).toBe(1_700_000_000_000);
    await repl.start(code);
    expect((await repl.answer(0, null)).state).toMatchObject({ echo: "[1, 1, 1, 1, 2]" });
  });

  /** Dates as text: what each gives, the host's time zone being Kathmandu's in this test. */
  const DATES: readonly (readonly [string, string])[] = [
    ["String(new Date(0))", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"],
    ["Date()", "Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)"],
    ["new Date(0).toDateString()", "Thu Jan 01 1970"],
    [
      "new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'short' }).format()",
      "11/14/23, 10:13 PM",
    ],
    ["new Intl.DateTimeFormat('en', { year: 'numeric' }).formatToParts()[0].value", "2023"],
    ["[new Date(0)].map(new Intl.DateTimeFormat('en', { year: 'numeric' }).format).join()", "1970"],
    ["new Date(0).toTimeString()", "00:00:00 GMT+0000 (Coordinated Universal Time)"],
    ["new Date(0).toLocaleString()", "1/1/1970, 12:00:00 AM"],
    ["new Date(0).toLocaleDateString('de-DE')", "1.1.1970"],
    ["new Date(0).toLocaleTimeString('en-US', { timeZone: 'Asia/Tokyo' })", "9:00:00 AM"],
    ["new Date(2020, 6, 1, 12).toISOString()", "2020-07-01T12:00:00.000Z"],
    ["new Date(99, 0).toISOString()", "1999-01-01T00:00:00.000Z"],
    ["new Date('2020-07-01T12:00').toISOString()", "2020-07-01T12:00:00.000Z"],
    ["new Date('2020-07-01T12:00+02:00').toISOString()", "2020-07-01T10:00:00.000Z"],
    ["new Date('2020-07-01').toISOString()", "2020-07-01T00:00:00.000Z"],
    ["new Date('Jul 1, 2020 12:00').toISOString()", "2020-07-01T12:00:00.000Z"],
    ["new Date('Wed, 01 Jul 2020 12:00:00 GMT').toISOString()", "2020-07-01T12:00:00.000Z"],
    ["new Date('1 July 2020 12:00 EST').toISOString()", "2020-07-01T17:00:00.000Z"],
    ["new Date(Date.parse('7/1/2020')).toISOString()", "2020-07-01T00:00:00.000Z"],
    ["String(new Date('nonsense'))", "Invalid Date"],
    ["[new Date(0).getHours(), new Date(0).getTimezoneOffset(), new Date(0).getYear()].join()", "0,0,70"],
    ["new Date(new Date(0).setHours(5)).toISOString()", "1970-01-01T05:00:00.000Z"],
    ["new Date(new Date(7)).getTime() + ''", "7"],
    ["new Date({ valueOf: () => 9 }).getTime() + ''", "NaN"],
    ["new (class extends Date { x() { return this.getTime() } })(4).x() + ''", "4"],
    [
      "Object.getPrototypeOf(new Date()).constructor === Date && new Date() instanceof Date ? 'same' : ''",
      "same",
    ],
    ["Intl.DateTimeFormat().resolvedOptions().timeZone", "UTC"],
    ["new Intl.DateTimeFormat('en-US', { timeStyle: 'long' }).format(0)", "12:00:00 AM UTC"],
    ["Intl.NumberFormat().resolvedOptions().locale", "en-US"],
    ["new Intl.NumberFormat('xx-nowhere').resolvedOptions().locale", "en-US"],
    ["(1234.5).toLocaleString()", "1,234.5"],
    ["(1234.5).toLocaleString('de-DE')", "1.234,5"],
    ["[1234.5, new Date(0)].toLocaleString()", "1,234.5,1/1/1970, 12:00:00 AM"],
    ["10n.toLocaleString()", "10"],
    ["['b', 'a', 'ä'].sort((x, y) => x.localeCompare(y)).join()", "a,ä,b"],
    ["'i'.toLocaleUpperCase()", "I"],
    ["new Intl.Segmenter().resolvedOptions().locale", "en-US"],
  ];

  test.each(DATES)("%s is %s wherever it runs", async (code, text) => {
    const before = process.env.TZ;
    process.env.TZ = "Asia/Kathmandu";
    try {
      const repl = await open();
      expect(await repl.print(`print(${code})`)).toBe(`${text}\n`);
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});

describe("chance", () => {
  const CODE = "[Math.random(), Math.random()]";

  test("is the same for the same seed and block, another for any other", async () => {
    const draws: string[] = [];
    for (const seed of ["s1", "s1", "s2"]) {
      const repl = await ReplDriver.open(runtime, { seed });
      draws.push(await repl.print(CODE), await repl.print(CODE));
    }
    expect(draws[0]).toBe(draws[2]);
    expect(draws[1]).toBe(draws[3]);
    expect(new Set(draws).size).toBe(4);
  });

  test("is spread evenly", async () => {
    const repl = await open();
    const code =
      "const n = 100_000, bins = Array(10).fill(0); for (let i = 0; i < n; i++) bins[Math.floor(Math.random() * 10)]++; bins.every((b) => Math.abs(b - n / 10) < 500)";
    expect(await repl.print(code)).toBe("true");
  });
});

describe("the globals", () => {
  test.each([
    "WebAssembly",
    "SharedArrayBuffer",
    "Atomics",
    "WeakRef",
    "FinalizationRegistry",
    "performance",
    "setTimeout",
    "process",
    "require",
    "gc",
  ])("have no %s", async (name) => {
    const repl = await open();
    expect(await repl.print(`typeof ${name}`)).toBe('"undefined"');
  });

  test("make no buffer that can grow", async () => {
    const repl = await open();
    const makers = [
      "new ArrayBuffer(8, { maxByteLength: 1e9 })",
      "new (new Uint8Array(1).buffer.constructor)(8, { maxByteLength: 16 })",
      "Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }], Uint8Array)",
    ];
    for (const maker of makers) {
      expect(await repl.print(maker)).toContain("An ArrayBuffer cannot change its length here");
    }
    expect(
      await repl.print(
        "print(new ArrayBuffer(4, {}).slice(1).byteLength, new Uint8Array(3).slice(1).length)",
      ),
    ).toBe("3 2\n");
  });

  test("have the small functions a script expects", async () => {
    const repl = await open();
    const copies =
      "const o = { m: new Map([[1, new Set([2])]]), d: new Date(5), l: [1, 2], r: /x/g }; o.self = o; const c = structuredClone(o);";
    expect(await repl.print(`${copies} print(c.self === c, c.m !== o.m, c.m, c.d, c.l, c.r)`)).toBe(
      "true true Map(1) { 1 => Set(1) { 2 } } 1970-01-01T00:00:00.005Z [1, 2] /x/g\n",
    );
    expect(
      await repl.print(
        "queueMicrotask(() => print('micro')); print(atob(btoa('hi\\xff')) === 'hi\\xff', btoa('hello'))",
      ),
    ).toBe("true aGVsbG8=\nmicro\n");
    expect(await repl.print("structuredClone({ f() {} })")).toContain(
      "structuredClone cannot copy a function",
    );
  });
});

/** Blocks with the answers they are given; run twice they must give the same activations. */
const BLOCKS: readonly (readonly [string, readonly unknown[]])[] = [
  [
    "const picks = Array.from({ length: 5 }, Math.random); print(picks, Date.now()); class Node2 { constructor() { this.at = new Date() } }\nlet node = new Node2();",
    [],
  ],
  [
    "const texts = await Promise.all(['a', 'b', 'c'].map(async (n, i) => { const t = await readFile(n); if (i === 1) await writeFile(n, t + Math.random()); return t + Date.now() })); texts",
    ["A", "B", "C", null],
  ],
  [
    "const hs = [delegate('x', 'q', { context: CONTEXT.slice(0, 3) }), delegate('y', 'q')]; const done2 = await Promise.race(hs); print(done2); Object.keys(globalThis)",
    ["root.x", "root.y", [{ ok: true, value: 1 }], [{ ok: true, value: 2 }]],
  ],
  [
    "async function* gen() { for (let i = 0; i < 3; i++) { yield i; await null } }\nlet sum = 0; for await (const v of gen()) sum += v; queueMicrotask(() => print('late')); print(CONTEXT.grep(/o/)); sum + picks.length",
    [],
  ],
  ["node.at.getTime() + missing", []],
  ["print(new Error('s').stack, VARIABLES()); Promise.reject(new Error('stray')); await hs[1]", []],
];

async function transcript(): Promise<unknown[]> {
  const repl = await ReplDriver.open(runtime, { contexts: [payload("doc", "one\ntwo\n")] });
  const activations: unknown[] = [];
  for (const [code, answers] of BLOCKS) {
    activations.push({ ...(await repl.start(code)), codeMs: 0 });
    for (const [index, value] of answers.entries())
      activations.push({ ...(await repl.answer(index, value)), codeMs: 0 });
  }
  await repl.session.dispose();
  return activations;
}

test("blocks run again with the same answers give the same activations", async () => {
  const first = await transcript();
  expect(await transcript()).toEqual(first);
  expect(first.length).toBe(14);
});
