import type { AttackCase } from "./attack-case.ts";

/** Errors, their stacks and what is thrown across the boundary. */
export const errorCases: readonly AttackCase[] = [
  {
    name: "call sites given to prepareStackTrace",
    source: "vm2, CVE-2022-36067",
    expect: "ends",
    blocks: [
      `Error.prepareStackTrace = (_, sites) => sites;
       for (const site of [].concat(new Error("x").stack)) {
         for (const method of ["getThis", "getFunction", "getTypeName", "getEvalOrigin", "getFileName", "getScriptNameOrSourceURL"]) {
           await probe(method, () => site[method]?.());
           const text = String(site[method]?.());
           if (/node:|file:\\/\\/|\\/host\\.|\\/dist\\//.test(text)) print("FOUND path " + text);
         }
       }
       delete Error.prepareStackTrace;`,
    ],
  },
  {
    name: "call sites of an error made in a tool call",
    source: "vm2, CVE-2023-29017",
    expect: "ends",
    blocks: [
      `Error.prepareStackTrace = (_, sites) => { globalThis.sites = sites; return "none"; };
       try { await fail("x"); } catch (error) { error.stack; }
       try { await echo(1n); } catch (error) { error.stack; }
       try { await echo({ get a() { throw new Error("mine"); } }); } catch (error) { error.stack; }
       delete Error.prepareStackTrace;
       for (const site of globalThis.sites ?? []) { await probe("this", () => site.getThis()); await probe("function", () => site.getFunction()); }`,
    ],
  },
  {
    name: "call sites of a stack overflow inside CONTEXT",
    source: "vm2, CVE-2019-10761",
    expect: "ends",
    blocks: [
      `Error.prepareStackTrace = (_, sites) => sites.map((site) => [site.getThis(), site.getFunction()]);
       const found = [];
       const deep = () => { try { deep(); } catch (error) { if (found.length < 50) found.push(error.stack); } try { CONTEXT.read(0, 5); } catch (error) { if (found.length < 50) found.push(error.stack); } };
       try { deep(); } catch {}
       delete Error.prepareStackTrace;
       for (const stack of found) if (Array.isArray(stack)) for (const pair of stack.slice(0, 5)) await probe("overflow", () => pair);`,
    ],
  },
  {
    name: "a stack overflow inside a tool call",
    source: "vm2, CVE-2019-10761",
    expect: "contained",
    blocks: [
      `const errors = [];
       const deep = (n) => { try { return deep(n + 1); } catch (error) { try { echo(n); } catch (inner) { errors.push(inner); } throw error; } };
       try { deep(0); } catch (error) { errors.push(error); }
       for (const error of errors.slice(0, 20)) await probe("overflow", () => error.constructor.constructor);`,
    ],
  },
  {
    name: "prepareStackTrace by a replaced Error",
    source: "vm2, CVE-2022-36067",
    expect: "ends",
    blocks: [
      `const Real = Error;
       globalThis.Error = class extends Real { static prepareStackTrace(_, sites) { return sites; } };
       Real.prepareStackTrace = (_, sites) => sites;
       try { null.x; } catch (error) { for (const site of [].concat(error.stack)) await probe("site", () => site.getThis?.()); }
       delete Real.prepareStackTrace; globalThis.Error = Real;`,
    ],
  },
  {
    name: "a prepareStackTrace that never returns",
    source: "measured",
    expect: "contained",
    blocks: [`Error.prepareStackTrace = () => { for (;;); };\nnull.x;`],
  },
  {
    name: "captureStackTrace on what is not an error",
    source: "vm2",
    expect: "ends",
    blocks: [
      `Error.stackTraceLimit = Infinity;
       const bag = {}; Error.captureStackTrace(bag); print(typeof bag.stack);
       if (/node:|file:\\/\\/|\\/home\\/|\\/usr\\//.test(String(bag.stack))) print("FOUND path " + bag.stack);
       Error.captureStackTrace(print); await probe("captured", () => print.stack);`,
    ],
  },
  {
    name: "a stack without a limit",
    source: "measured: absolute paths in copied errors",
    expect: "ends",
    blocks: [
      `Error.stackTraceLimit = 1000;
       const stacks = [new Error("a").stack, (() => { try { null.x; } catch (e) { return e.stack; } })()];
       try { await fail("b"); } catch (e) { stacks.push(e.stack, e.cause?.stack); }
       try { CONTEXT.read("x", {}); } catch (e) { stacks.push(e.stack); }
       for (const stack of stacks) if (/node:|file:\\/\\/|isolated-vm|node_modules/.test(String(stack))) print("FOUND path " + stack);`,
    ],
  },
  {
    name: "an exception with a message that never comes",
    source: "measured: copying a thrown error is not timed",
    expect: "contained",
    blocks: [`throw Object.defineProperty(new Error(), "message", { get() { for (;;); } });`],
  },
  {
    name: "a thrown Proxy",
    source: "vm2, CVE-2023-30547",
    expect: "ends",
    blocks: [
      `throw new Proxy(new Error("x"), {
         getPrototypeOf() { throw new Error("trap"); }, get() { throw new Error("trap"); },
         has() { throw new Error("trap"); }, getOwnPropertyDescriptor() { throw new Error("trap"); }, ownKeys() { throw new Error("trap"); } });`,
    ],
  },
  {
    name: "a thrown Proxy that collects what looks at it",
    source: "vm2, CVE-2023-30547",
    expect: "ends",
    blocks: [
      `globalThis.seen = [];
       const trap = (...given) => { for (const value of given) globalThis.seen.push(value); };
       throw new Proxy(function () {}, { get(...g) { trap(...g); return undefined; }, apply(...g) { trap(...g); }, getPrototypeOf(t) { trap(t); return null; } });`,
      `for (const value of globalThis.seen) await probe("collected", () => value);`,
    ],
  },
  {
    name: "null, undefined, symbols and numbers thrown",
    source: "isolated-vm: bare values thrown (measured)",
    expect: "ends",
    blocks: [
      `throw null;`,
      `throw undefined;`,
      `throw Symbol("s");`,
      `throw 1n;`,
      `throw () => 0;`,
      `print("after");`,
    ],
  },
  {
    name: "a thrown object with a hostile toString",
    source: "vm2",
    expect: "ends",
    blocks: [
      `throw { toString() { globalThis.caller1 = this; throw this; }, get name() { throw 1; }, get stack() { throw 2; }, [Symbol.toPrimitive]() { throw 3; } };`,
      `await probe("this", () => globalThis.caller1);`,
    ],
  },
  {
    name: "an error that is its own cause",
    source: "measured",
    expect: "ends",
    blocks: [`const error = new Error("round"); error.cause = error; throw error;`],
  },
  {
    name: "a chain of a hundred thousand causes",
    source: "measured",
    expect: "contained",
    blocks: [
      `let error = new Error("0"); for (let i = 1; i < 1e5; i++) error = new Error(String(i), { cause: error }); throw error;`,
    ],
  },
  {
    name: "a message of a hundred megabytes",
    source: "measured",
    expect: "contained",
    blocks: [`throw new Error("m".repeat(1e8));`],
  },
  {
    name: "a message that only grows when it is read",
    source: "measured",
    expect: "contained",
    blocks: [
      `throw Object.defineProperty(new Error(), "message", { get() { return "m".repeat(2 ** 28) + this.message; } });`,
    ],
  },
  {
    name: "a stack that is not text",
    source: "vm2",
    expect: "ends",
    blocks: [
      `const error = new Error("x");
       error.stack = { toString() { throw globalThis; }, split() { globalThis.splitter = this; return []; } };
       throw error;`,
      `await probe("splitter", () => globalThis.splitter);`,
    ],
  },
  {
    name: "stray rejections with every kind of reason",
    source: "isolated-vm: a stray rejection fails the call under way (measured)",
    expect: "ends",
    blocks: [
      `for (const reason of [null, undefined, 1, "t", Symbol("s"), {}, [], () => 0, new Error("e"), globalThis]) Promise.reject(reason);
       print("after");`,
      `print("next");`,
    ],
  },
  {
    name: "a stray rejection whose reason can't be looked at",
    source: "measured",
    expect: "contained",
    blocks: [
      `Promise.reject(new Proxy({}, { get() { for (;;); }, getPrototypeOf() { for (;;); } })); print("after");`,
    ],
  },
  {
    name: "an AggregateError with many errors",
    source: "measured",
    expect: "contained",
    blocks: [`throw new AggregateError(Array.from({ length: 2e5 }, (_, i) => new Error("e" + i)), "all");`],
  },
  {
    name: "a SuppressedError made by a hostile resource",
    source: "using declarations",
    expect: "contained",
    blocks: [`{ using r = { [Symbol.dispose]() { throw globalThis; } }; throw new Error("body"); }`],
  },
  {
    name: "source text that forges its own file",
    source: "vm2: sourceURL",
    expect: "ends",
    blocks: [
      `//# sourceURL=file:///etc/passwd\n//# sourceMappingURL=file:///etc/passwd\nthrow new Error("named");`,
      `eval("throw new Error('inner')\\n//# sourceURL=node:internal/host");`,
    ],
  },
  {
    name: "Symbol.hasInstance and instanceof on errors",
    source: "vm2",
    expect: "ends",
    blocks: [
      `Object.defineProperty(Error, Symbol.hasInstance, { configurable: true, value(v) { globalThis.asked = [v]; return true; } });
       throw { name: "fake", message: "fake" };`,
      `delete Error[Symbol.hasInstance]; await probe("asked", () => globalThis.asked);`,
    ],
  },
];
