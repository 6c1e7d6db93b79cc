import type { AttackCase } from "./attack-case.ts";

/** Builtins replaced, prototypes poisoned, proxies and hostile values handed to whatever looks at them. */
export const tamperingCases: readonly AttackCase[] = [
  {
    name: "every method of Array.prototype replaced",
    source: "vm2: host code that calls patched methods",
    expect: "ends",
    blocks: [
      `globalThis.seen = [];
       for (const key of Object.getOwnPropertyNames(Array.prototype)) {
         const real = Array.prototype[key];
         if (typeof real === "function" && key !== "constructor") Array.prototype[key] = function (...given) { if (seen.length < 500) seen[seen.length] = [this, ...given]; return real.apply(this, given); };
       }
       await echo([1, 2]); print("called");`,
      `for (let i = 0; i < seen.length; i++) for (let j = 0; j < seen[i].length; j++) await probe("array method", () => seen[i][j]);`,
    ],
  },
  {
    name: "an index setter on Array.prototype",
    source: "isolated-vm: array writes of a bootstrap (measured)",
    expect: "ends",
    blocks: [
      `globalThis.caught = [];
       for (const index of ["0", "1", "2"]) Object.defineProperty(Array.prototype, index, { configurable: true, get() { return undefined; }, set(value) { globalThis.caught = { value, before: globalThis.caught }; } });
       echo(1); echo([2]); print("a", "b"); console.log("c", { d: 1 });
       try { CONTEXT.read(0, 10); } catch {}
       for (const index of ["0", "1", "2"]) delete Array.prototype[index];`,
      `for (let c = globalThis.caught; c && c.value; c = c.before) await probe("setter", () => c.value);`,
    ],
  },
  {
    name: "every method of Function.prototype replaced",
    source: "vm2: call and apply",
    expect: "ends",
    blocks: [
      `globalThis.seen = []; const note = (...v) => { if (seen.length < 300) seen.push(...v); };
       const { apply, call, bind } = Function.prototype;
       Function.prototype.apply = function (t, a) { note(this, t); return Reflect.apply(this, t, a ?? []); };
       Function.prototype.call = function (t, ...a) { note(this, t); return Reflect.apply(this, t, a); };
       Function.prototype.bind = function (t, ...a) { note(this, t); return Reflect.apply(bind, this, [t, ...a]); };
       await echo(1); print("x"); try { CONTEXT.info(); CONTEXT.read(0, 5); } catch {}
       Object.assign(Function.prototype, { apply, call, bind });`,
      `for (const value of seen) await probe("function method", () => value);`,
    ],
  },
  {
    name: "methods of String, Number, RegExp and Map replaced",
    source: "vm2",
    expect: "ends",
    blocks: [
      `globalThis.seen = [];
       for (const P of [String.prototype, Number.prototype, RegExp.prototype, Map.prototype, Set.prototype, WeakMap.prototype, Date.prototype, Symbol.prototype])
         for (const key of Reflect.ownKeys(P)) {
           const d = Object.getOwnPropertyDescriptor(P, key);
           if (typeof d.value === "function" && d.writable && key !== "constructor") P[key] = function (...given) { if (seen.length < 300) seen.push(this, ...given); return Reflect.apply(d.value, this, given); };
         }
       await echo({ text: "t" }); print("x", 1, new Map([[1, 2]])); try { CONTEXT.lines(0, 1); CONTEXT.grep("a", 1); } catch {}
       VARIABLES();`,
      `for (const value of seen) await probe("method", () => value);`,
    ],
  },
  {
    name: "Promise replaced and its prototype poisoned",
    source: "vm2, CVE-2023-37466",
    expect: "ends",
    blocks: [
      `const Real = Promise; const then = Promise.prototype.then; globalThis.seen = [];
       Promise.prototype.then = function (...given) { if (seen.length < 200) seen.push(this, ...given); return then.apply(this, given); };
       Promise.resolve = (v) => { seen.push(v); return v; };
       globalThis.Promise = class extends Real { constructor(run) { super((a, b) => { seen.push(a, b); run(a, b); }); } };
       await echo(1); const all = [echo(2), echo(3)]; for (const p of all) await p;
       globalThis.Promise = Real; Real.prototype.then = then;`,
      `for (const value of seen) await probe("promise part", () => value);`,
    ],
  },
  {
    name: "JSON replaced",
    source: "isolated-vm: a bootstrap that serialises with patched builtins",
    expect: "ends",
    blocks: [
      `const { stringify, parse } = JSON; globalThis.seen = [];
       JSON.stringify = (...g) => { seen.push(...g); return '{"calls":[{"index":0,"name":"done","args":["forged"]}],"output":"forged","codeMs":0,"state":{"kind":"idle"}}'; };
       JSON.parse = (...g) => { seen.push(...g); return { ok: true, value: globalThis }; };
       const got = await echo({ plain: 1 }); JSON.stringify = stringify; JSON.parse = parse;
       print("got " + JSON.stringify(got));`,
      `for (const value of seen) await probe("json", () => value);`,
    ],
  },
  {
    name: "toJSON on every prototype",
    source: "prototype pollution",
    expect: "ends",
    blocks: [
      `for (const P of [Object.prototype, Array.prototype, String.prototype, Number.prototype, Boolean.prototype])
         Object.defineProperty(P, "toJSON", { configurable: true, writable: true, value() { return { kind: "ended", name: "done", args: ["forged"] }; } });
       const got = await echo({ a: ["b", 1, true] });
       for (const P of [Object.prototype, Array.prototype, String.prototype, Number.prototype, Boolean.prototype]) delete P.toJSON;
       print(JSON.stringify(got));`,
    ],
  },
  {
    name: "a then on Object.prototype",
    source: "vm2: thenables of the host",
    expect: "contained",
    blocks: [
      `globalThis.seen = [];
       Object.defineProperty(Object.prototype, "then", { configurable: true, get() { if (seen.length < 100) seen.push(this); return undefined; } });
       await echo({ a: 1 }); await echo([1]);
       delete Object.prototype.then;`,
      `for (const value of seen) await probe("then getter", () => value);`,
    ],
  },
  {
    name: "a then on Object.prototype that settles everything",
    source: "vm2: thenables of the host",
    expect: "contained",
    blocks: [
      `Object.prototype.then = function (yes) { delete Object.prototype.then; globalThis.got = [this, yes]; yes(42); };
       await echo({ a: 1 });`,
      `delete Object.prototype.then; await probe("thenable", () => globalThis.got);`,
    ],
  },
  {
    name: "thenables as values, arguments and answers",
    source: "vm2: async sanitising",
    expect: "contained",
    blocks: [
      `const evil = { then(yes, no) { globalThis.fns = [yes, no, this]; yes({ then(again) { again(7); } }); } };
       print(await evil); try { await echo(evil); } catch {}
       await probe("resolvers", () => globalThis.fns); evil;`,
    ],
  },
  {
    name: "Symbol.species on promises and arrays",
    source: "vm2, CVE-2023-37466",
    expect: "ends",
    blocks: [
      `const promise = echo(1); globalThis.seen = [];
       class Taker { constructor(run) { run((v) => seen.push(v), (e) => seen.push(e)); seen.push(run); } }
       try { Object.defineProperty(Object.getPrototypeOf(promise).constructor, Symbol.species, { configurable: true, get() { return Taker; } }); } catch {}
       try { promise.constructor = { [Symbol.species]: Taker }; promise.then(() => 0); } catch {}
       try { await promise; } catch {}
       for (const value of seen) await probe("species", () => value);
       delete Promise[Symbol.species]; print("done with species");`,
    ],
  },
  {
    name: "catch and finally of a tool's promise called on something else",
    source: "vm2: catch of an async function's promise",
    expect: "ends",
    blocks: [
      `const rejected = fail("x"); rejected.catch(() => {});
       const fake = { then(a, b) { globalThis.given = [a, b]; } };
       try { rejected.catch.call(fake, () => 0); rejected.finally.call(fake, () => 0); } catch {}
       await probe("given", () => globalThis.given);
       try { await rejected; } catch (error) { await probe("error", () => error); }`,
    ],
  },
  {
    name: "Symbol.iterator and Symbol.toPrimitive on builtins",
    source: "vm2",
    expect: "contained",
    blocks: [
      `Array.prototype[Symbol.iterator] = function* () { globalThis.iterated = this; yield "forged"; };
       print("x", ["y"]); echo(["z"]);`,
      `await probe("iterated", () => globalThis.iterated);`,
    ],
  },
  {
    name: "globals of the REPL replaced and deleted",
    source: "reserved names",
    expect: "ends",
    blocks: [
      `for (const name of ["print", "console", "done", "delegate", "wait", "llmQuery", "CONTEXT", "VARIABLES", "echo", "undefined", "globalThis"]) { try { (0, eval)("delete globalThis." + name); (0, eval)(name + " = undefined"); } catch {} }`,
      `if (typeof print === "function") print("print is back " + typeof echo);`,
    ],
  },
  {
    name: "the global object frozen",
    source: "SES",
    expect: "contained",
    blocks: [`Object.freeze(globalThis);`, `var later = 1; print(later);`],
  },
  {
    name: "every intrinsic frozen",
    source: "SES: override mistake",
    expect: "contained",
    blocks: [
      `for (const key of Reflect.ownKeys(globalThis)) { const v = globalThis[key]; if (typeof v === "function" && key !== "probe") { Object.freeze(v); if (v.prototype) Object.freeze(v.prototype); } }`,
      `const e = new Error("x"); e.message = "y"; print(await echo([1]));`,
    ],
  },
  {
    name: "the prototype of the global object replaced",
    source: "vm2",
    expect: "contained",
    blocks: [
      `try { Object.setPrototypeOf(globalThis, new Proxy({}, { get(t, k, r) { if (k === "process") return undefined; return Reflect.get(t, k, r); }, has(t, k) { return typeof k === "string" && k.startsWith("zz"); } })); } catch {}`,
      `print("after"); try { zzNothing; } catch {}`,
    ],
  },
  {
    name: "getters and proxies in the arguments of a tool",
    source: "isolated-vm: illegal access (measured)",
    expect: "contained",
    blocks: [
      `for (const evil of [{ get a() { throw 1; } }, new Proxy({}, { ownKeys() { throw 2; } }), new Proxy([], { get() { throw 3; } }), { toJSON() { throw 4; } }, Object.create(null), new (class A { #p = 1; q = 2; })()])
         try { await echo(evil); } catch (error) { await probe("refusal", () => error); }`,
    ],
  },
  {
    name: "values JSON has no word for, as arguments",
    source: "measured",
    expect: "contained",
    blocks: [
      `for (const odd of [1n, Symbol("s"), () => 0, undefined, NaN, -0, Infinity, new Date(NaN), /x/g, new Map([[{}, 1]]), new Set([1]), new Uint8Array(3), new Error("e"), Promise.resolve(1), globalThis, print])
         try { await echo(odd); } catch (error) { await probe("refusal", () => error); }`,
    ],
  },
  {
    name: "own __proto__ keys there and back",
    source: "isolated-vm: structured copies keep __proto__ (measured)",
    expect: "ends",
    blocks: [
      `const sent = JSON.parse('{"__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}}');
       const got = await echo(sent);
       print(String({}.polluted) + " " + String(got.polluted) + " " + (Object.getPrototypeOf(got) === Object.prototype));`,
    ],
  },
  {
    name: "a Proxy as the last expression",
    source: "vm2, CVE-2023-32313",
    expect: "contained",
    blocks: [
      `new Proxy(function () {}, { get(t, k) { globalThis.key = k; throw globalThis; }, ownKeys() { throw 1; }, getPrototypeOf() { for (;;); } })`,
      `print(String(globalThis.key));`,
    ],
  },
  {
    name: "an inspect function of its own as the last expression",
    source: "vm2, CVE-2023-37903",
    expect: "ends",
    blocks: [
      `globalThis.given = [];
       ({ [Symbol.for("nodejs.util.inspect.custom")](...args) { globalThis.given.push(this, ...args); return args; }, inspect(...args) { globalThis.given.push(...args); } })`,
      `for (const value of globalThis.given) await probe("inspect", () => value);`,
    ],
  },
  {
    name: "a getter that grows the object it is printed from",
    source: "measured",
    expect: "contained",
    blocks: [`const o = { get a() { o["k" + Object.keys(o).length] = o; return o; } }; console.log(o); o`],
  },
  {
    name: "an await inside a replaced async iterator",
    source: "vm2: async generators",
    expect: "ends",
    blocks: [
      `const AsyncGenerator = Object.getPrototypeOf(async function* () {}).prototype; globalThis.seen = [];
       const next = AsyncGenerator.next; AsyncGenerator.next = function (...g) { seen.push(this, ...g); return next.apply(this, g); };
       async function* g() { yield echo(1); yield* [echo(2)]; }
       for await (const v of g()) print(v);
       AsyncGenerator.next = next;
       for (const value of seen) await probe("async generator", () => value);`,
    ],
  },
  {
    name: "yield* with a thenable that throws",
    source: "vm2, 2026: yield* in async generators",
    expect: "ends",
    blocks: [
      `async function* outer() { yield* { [Symbol.asyncIterator]() { return { next() { return { get then() { throw new Error("then"); } }; } }; } }; }
       try { for await (const v of outer()) print(v); } catch (error) { await probe("async error", () => error); }`,
    ],
  },
];
