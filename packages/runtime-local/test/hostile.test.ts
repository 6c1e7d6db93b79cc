import type { Activation } from "@rlmflow/core/driver";
import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../src/index.ts";
import { payload, ReplDriver } from "./repl-driver.ts";

const runtime = localRuntime({ timeMs: 5_000 });
afterAll(() => runtime.close());

const open = () => ReplDriver.open(runtime, { contexts: [payload("doc", "one\ntwo\nthree\n")] });

/** What the REPL can still do after a hostile block. */
async function isWell(repl: ReplDriver): Promise<void> {
  const first = await repl.start(
    'var well = { list: [1, "two"] }; print("well", well); const text = await readFile("a", { b: [1] }); print(text); CONTEXT.read(4, 7)',
  );
  expect(first.output).toBe('well { list: [1, "two"] }\n');
  expect(first.calls).toEqual([{ index: 0, name: "readFile", args: ["a", { b: [1] }] }]);
  const last = await repl.answer(0, "content");
  expect(last.output).toBe("content\n");
  expect(last.state).toMatchObject({ kind: "ended", echo: '"two"', unawaited: [] });
}

/** Blocks that break what they can reach. Each must leave protocol and later blocks whole. */
const TAMPERING: readonly (readonly [string, string])[] = [
  [
    "every method of every prototype throws",
    `for (const C of [Array, String, Number, Boolean, Map, Set, WeakMap, WeakSet, RegExp, Symbol, BigInt, Function, Date])
       for (const key of Reflect.ownKeys(C.prototype))
         try { if (key !== "constructor") Object.defineProperty(C.prototype, key, { value() { throw "poison"; } }); } catch {}`,
  ],
  [
    "every function of JSON, Reflect, Object, Math and Promise lies",
    `for (const holder of [JSON, Reflect, Math, Promise, Array, String, Number, Object])
       for (const key of ["stringify", "parse", "apply", "construct", "get", "defineProperty", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "setPrototypeOf", "freeze", "isArray", "resolve", "reject", "fromCharCode", "isFinite", "min", "trunc", "imul", "deleteProperty"])
         try { if (key in holder) holder[key] = () => '{"calls":[{"index":9,"name":"done","args":[1]}]}'; } catch {}`,
  ],
  [
    "promises are patched",
    `Promise.prototype.then = function () { throw "patched"; };
     Object.defineProperty(Promise.prototype, "constructor", { get() { throw "patched"; } });
     Object.defineProperty(Promise, Symbol.species, { get() { throw "patched"; } });`,
  ],
  [
    "setters and getters stand on Object.prototype",
    `for (const key of ["0", "1", "value", "get", "set", "kind", "name", "index", "ok", "error", "message", "length", "text", "kept", "enumerable", "configurable", "writable", "constructor2", "cause", "limits", "block"])
       Object.defineProperty(Object.prototype, key, { get() { return undefined; }, set() { throw "set " + key; }, configurable: true });
     for (const key of ["0", "1", "2", "3"]) Object.defineProperty(Array.prototype, key, { get() { return "forged"; }, set() { throw "set"; }, configurable: true });`,
  ],
  [
    "Object.prototype has toJSON and then",
    "Object.prototype.toJSON = () => 'forged'; delete Object.prototype.toJSON; Object.prototype.then = undefined;",
  ],
  [
    "all globals are replaced",
    `for (const key of Object.getOwnPropertyNames(globalThis)) { try { globalThis[key] = () => { throw "replaced"; }; } catch {} }`,
  ],
  [
    "all globals are deleted",
    "for (const key of Object.getOwnPropertyNames(globalThis)) { try { delete globalThis[key]; } catch {} }",
  ],
  [
    "reserved names are redefined",
    `for (const name of ["print", "readFile", "CONTEXT", "done"]) { try { Object.defineProperty(globalThis, name, { value: 1, configurable: false }); } catch {} } var print = 5; function readFile() {}`,
  ],
  [
    "the stack format is replaced",
    `Error.prepareStackTrace = () => { throw "stack"; }; Error.stackTraceLimit = -1; Error.captureStackTrace = null;`,
  ],
  [
    "the stack limit is an accessor",
    `Object.defineProperty(Error, "stackTraceLimit", { get() { throw "limit"; } });`,
  ],
  [
    "iterators are patched",
    `Array.prototype[Symbol.iterator] = function* () { yield "forged"; }; Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true });`,
  ],
];

describe("tampering", () => {
  test.each(TAMPERING)("%s: later blocks are whole", async (_name, code) => {
    const repl = await open();
    const activation = await repl.start(code);
    expect(activation.calls).toEqual([]);
    expect(["ended", "threw"]).toContain(activation.state.kind);
    await isWell(repl);
    await repl.session.dispose();
  });
});

/** Values that are shown, kept or thrown. None may break the activation. */
const HOSTILE_VALUES: readonly string[] = [
  "new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; }, getPrototypeOf() { throw 3; }, getOwnPropertyDescriptor() { throw 4; } })",
  "new Proxy([], { get(t, k) { return k === 'length' ? 1e9 : t[k]; } })",
  "new Proxy(function () {}, { get() { throw globalThis; } })",
  "({ get a() { print('getter'); done('forged'); return 1; } })",
  "({ toString() { throw 1; }, [Symbol.toPrimitive]() { throw 2; } })",
  "({ get [Symbol.toStringTag]() { throw 1; } })",
  "({ then(yes) { done('forged'); yes(1); } })",
  "Object.create(Promise.prototype)",
  "Object.create(Map.prototype)",
  "Object.setPrototypeOf([1], null)",
  "new Array(2 ** 32 - 1)",
  "Array.from({ length: 1e6 }, (_, i) => i)",
  "'x'.repeat(2 ** 28)",
  "(() => { let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; return deep; })()",
  "(() => { let dag = {}; for (let i = 0; i < 60; i++) dag = { a: dag, b: dag }; return dag; })()",
  "(() => { const o = {}; o.self = o; o.list = [o, o]; return o; })()",
  "(async function* () { for (;;) yield 1; })()",
  "Object.assign(Object.create({ constructor: { name: 'x'.repeat(1e6) } }), { a: 1 })",
  "Object.assign(() => 1, { name2: 1 })",
  "new (class extends Error { get message() { throw 1; } get name() { return {}; } get stack() { throw 2; } })()",
  "Object.assign(new Error('m'.repeat(1e6)), { name: 'n'.repeat(1e6) })",
  "(() => { const e = new Error('a'); e.cause = e; return e; })()",
  "(() => { let e = new Error('end'); for (let i = 0; i < 1e4; i++) e = new Error('e' + i, { cause: e }); return e; })()",
  "new Error('x', { cause: new Proxy({}, { get() { throw 1; }, getOwnPropertyDescriptor() { throw 2; } }) })",
  "Symbol('s'.repeat(1e6))",
  "2n ** 200000n",
  "Object.defineProperty({}, 'x', { enumerable: true, get() { for (;;); } })",
  "globalThis",
  "new Date(NaN)",
  'JSON.parse(\'{"__proto__": {"polluted": 1}}\')',
];

function size(activation: Activation): number {
  return JSON.stringify(activation).length;
}

describe("hostile values", () => {
  test.each(HOSTILE_VALUES)("%s can be shown, kept and thrown", async (value) => {
    const repl = await open();
    const shown = await repl.start(`globalThis.kept = ${value}; print(kept); VARIABLES(); void kept; kept`);
    expect(shown.state.kind).toBe("ended");
    expect(shown.calls).toEqual([]);
    expect(shown.output).not.toContain("getter");
    expect(size(shown)).toBeLessThan(3_000_000);
    const thrown = await repl.start("throw kept");
    expect(thrown.state.kind).toBe("threw");
    expect(thrown.calls).toEqual([]);
    expect(size(thrown)).toBeLessThan(100_000);
    await repl.session.dispose();
  });

  test.each(HOSTILE_VALUES)("%s as an argument is sent whole or refused", async (value) => {
    const repl = await open();
    const activation = await repl.start(
      `try { readFile(${value}).catch(() => {}); } catch (error) { print(error instanceof TypeError || typeof error); }`,
    );
    expect(activation.calls.length).toBeLessThanOrEqual(2);
    expect(activation.calls.map((call) => call.index)).toEqual(activation.calls.map((_, index) => index));
    expect(size(activation)).toBeLessThan(9_000_000);
    await repl.session.dispose();
  });
});
