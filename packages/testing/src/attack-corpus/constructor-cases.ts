import type { AttackCase } from "./attack-case.ts";

/** From a value the code holds, by constructors and prototypes, to a function of another realm. */
export const constructorCases: readonly AttackCase[] = [
  {
    name: "the constructor of this",
    source: "node:vm documentation",
    expect: "ends",
    blocks: [`await probe("this", () => this.constructor.constructor);`],
  },
  {
    name: "the constructor of globalThis and of its prototypes",
    source: "node:vm",
    expect: "ends",
    blocks: [
      `for (let o = globalThis; o; o = Object.getPrototypeOf(o)) await probe("global chain", () => o.constructor);`,
    ],
  },
  {
    name: "the Function constructor by name",
    source: "node:vm",
    expect: "ends",
    blocks: [`await probe("Function", () => Function);`],
  },
  {
    name: "the constructors of every kind of function",
    source: "vm2: generator and async constructors",
    expect: "ends",
    blocks: [
      `for (const f of [() => 0, async () => 0, function* () {}, async function* () {}, class {}, { m() {} }.m])
         await probe("kind of function", () => f.constructor);`,
    ],
  },
  {
    name: "the constructor of print",
    source: "vm2: functions given in from outside",
    expect: "ends",
    blocks: [`await probe("print", () => print.constructor);`],
  },
  {
    name: "the constructors of everything on console",
    source: "node:vm: a console given in from outside",
    expect: "ends",
    blocks: [
      `for (const key of Reflect.ownKeys(console)) await probe("console", () => console[key].constructor);
       await probe("console itself", () => console.constructor.constructor);`,
    ],
  },
  {
    name: "the constructor of a tool",
    source: "node:vm: a function given in from outside",
    expect: "ends",
    blocks: [`await probe("tool", () => echo.constructor);`],
  },
  {
    name: "the constructor of a tool's promise",
    source: "vm2, CVE-2023-37466",
    expect: "ends",
    blocks: [
      `const promise = echo(1);
       await probe("promise", () => promise.constructor.constructor);
       await probe("prototype", () => Object.getPrototypeOf(promise).then.constructor);
       await promise;`,
    ],
  },
  {
    name: "the constructor of a tool's answer",
    source: "node:vm: objects of the host as answers",
    expect: "ends",
    blocks: [
      `const answer = await echo({ list: [1, { deep: true }], text: "t" });
       await probe("answer", () => answer.constructor.constructor);
       await probe("list", () => answer.list.constructor.constructor);
       await probe("deep", () => answer.list[1].constructor.constructor);`,
    ],
  },
  {
    name: "the constructor of a tool's error",
    source: "vm2, CVE-2019-10761",
    expect: "ends",
    blocks: [
      `try { await fail("x"); } catch (error) {
         await probe("error", () => error.constructor.constructor);
         await probe("error chain", () => Object.getPrototypeOf(Object.getPrototypeOf(error)).constructor.constructor);
         await probe("stack", () => { if (/node:|file:|\\.[jt]s:/.test(String(error.stack))) print("FOUND stack " + error.stack); });
       }`,
    ],
  },
  {
    name: "the constructors of every global",
    source: "node:vm",
    expect: "ends",
    blocks: [
      `for (const key of Reflect.ownKeys(globalThis)) {
         if (key === "probe") continue;
         await probe("global " + String(key), () => globalThis[key]);
       }`,
    ],
  },
  {
    name: "the accessors of every global",
    source: "vm2: getters of the host",
    expect: "ends",
    blocks: [
      `for (const key of Reflect.ownKeys(globalThis)) {
         const { get, set } = Object.getOwnPropertyDescriptor(globalThis, key) ?? {};
         await probe("accessors", () => [get, set]);
       }`,
    ],
  },
  {
    name: "what CONTEXT and its functions are made of",
    source: "isolated-vm: references left reachable",
    expect: "ends",
    blocks: [
      `const seen = typeof CONTEXT === "object" || typeof CONTEXT === "function" ? CONTEXT : {};
       for (let o = seen; o && o !== Object.prototype; o = Object.getPrototypeOf(o))
         for (const key of Reflect.ownKeys(o)) await probe("CONTEXT", () => o[key]);`,
    ],
  },
  {
    name: "what a handle is made of",
    source: "isolated-vm: references left reachable",
    expect: "contained",
    blocks: [
      `const handle = delegate("child", "task");
       await probe("handle", () => [handle.constructor, Object.getPrototypeOf(handle)]);
       for (const key of Reflect.ownKeys(handle)) print("own " + String(key));`,
    ],
  },
  {
    name: "__proto__ walked upwards from everything",
    source: "safe-eval",
    expect: "ends",
    blocks: [
      `for (const start of [print, console, echo, globalThis, Math, JSON, Promise.resolve(), new Error("x")])
         for (let o = start; o; o = o.__proto__) await probe("chain", () => o.constructor);`,
    ],
  },
  {
    name: "a constructor reached without naming it",
    source: "n8n: expression sandbox, names put together",
    expect: "ends",
    blocks: [
      `const key = ["con", "structor"].join("");
       await probe("joined", () => ({})[key][key]);
       await probe("escape", () => (() => {})["\\x63onstructor"]);
       await probe("unicode", () => (() => {}).\\u0063onstructor);`,
    ],
  },
  {
    name: "a constructor reached by destructuring",
    source: "n8n: expression sandbox, patterns",
    expect: "ends",
    blocks: [
      `const { constructor: { constructor: made } } = {};
       await probe("pattern", () => made);
       await probe("parameter", () => (({ constructor }) => constructor)(() => 0));`,
    ],
  },
  {
    name: "a with statement",
    source: "n8n: expression sandbox, with",
    expect: "ends",
    blocks: [
      `await probe("with", () => Function("o", "with (o) { return constructor; }")(() => 0));
       await probe("with this", () => Function("with (this) { return typeof process === 'undefined' ? 0 : process; }")());`,
    ],
  },
  {
    name: "new.target and subclasses of Function",
    source: "vm2: derived constructors",
    expect: "ends",
    blocks: [
      `class Made extends Function { constructor(text) { super(text); } }
       await probe("subclass", () => (text) => new Made(text));
       await probe("construct", () => (text) => Reflect.construct(Function, [text], Array));`,
    ],
  },
  {
    name: "Function through call, apply and bind",
    source: "vm2",
    expect: "ends",
    blocks: [
      `await probe("call", () => (text) => Function.call(null, text));
       await probe("apply", () => (text) => Reflect.apply(Function, print, [text]));
       await probe("bind", () => Function.bind(echo));`,
    ],
  },
  {
    name: "indirect, direct and nested eval",
    source: "SES",
    expect: "ends",
    blocks: [
      `await probe("indirect", () => (0, eval)("globalThis"));
       await probe("direct", () => eval("this"));
       await probe("nested", () => eval("eval('(0, eval)(\\"this\\")')"));
       await probe("function", () => eval("(function () { return this; })()"));`,
    ],
  },
  {
    name: "caller, callee and arguments of sloppy functions",
    source: "node:vm: sloppy frames of the host",
    expect: "ends",
    blocks: [
      `const sloppy = Function("return [arguments.callee.caller, sloppy.caller, sloppy.arguments]");
       globalThis.sloppy = Function("return [arguments.callee.caller, sloppy.caller]");
       await probe("caller", () => globalThis.sloppy());
       await probe("from sort", () => { let found; [2, 1].sort(function compare() { found = compare.caller; return 0; }); return found; });
       await probe("from a getter", () => { let found; const o = { get toJSON() { found = Object.getOwnPropertyDescriptor(o, "toJSON").get.caller; return 1; } }; JSON.stringify(o); return found; });`,
    ],
  },
  {
    name: "legacy accessors __lookupGetter__ and __defineGetter__",
    source: "vm2",
    expect: "ends",
    blocks: [
      `await probe("lookup", () => ({}).__lookupGetter__("__proto__"));
       await probe("set", () => { const o = {}; o.__proto__ = echo; return o.constructor; });
       await probe("define", () => { print.__defineGetter__("hidden", function () { return this; }); return print.hidden; });`,
    ],
  },
  {
    name: "getters planted where the REPL might look",
    source: "isolated-vm: options read by plain get (measured)",
    expect: "ends",
    blocks: [
      `for (const key of ["reference", "copy", "externalCopy", "promise", "result", "arguments", "timeout", "release"])
         Object.defineProperty(Object.prototype, key, { configurable: true, get() { return true; }, set() {} });
       const answer = await echo({ a: [1] });
       await probe("answer", () => answer);
       await probe("context", () => CONTEXT.read(0, 10));
       for (const key of ["reference", "copy", "externalCopy", "promise", "result", "arguments", "timeout", "release"])
         delete Object.prototype[key];`,
      `print("still here"); await probe("later", () => echo(1));`,
    ],
  },
  {
    name: "import expressions and import.meta",
    source: "vm2, CVE-2021-23449",
    expect: "ends",
    blocks: [
      `for (const name of ["fs", "node:fs", "node:child_process", "data:text/javascript,export default 1", "file:///etc/passwd", "./host.js"])
         await probe("import", () => eval("import(" + JSON.stringify(name) + ")"));
       await probe("function", () => Function("return import('node:process')")());`,
    ],
  },
  {
    name: "an import expression in the block itself",
    source: "vm2, CVE-2021-23449",
    expect: "ends",
    blocks: [
      `try { const fs = await import("node:fs"); await probe("fs", () => fs); print("FOUND " + typeof fs.readFileSync); }
       catch (error) { print("refused"); }`,
    ],
  },
  {
    name: "import.meta in the block",
    source: "vm2",
    expect: "contained",
    blocks: [`print("FOUND " + import.meta.url);`],
  },
  {
    name: "a static import",
    source: "vm2",
    expect: "contained",
    blocks: [`import fs from "node:fs";\nprint("FOUND " + typeof fs.readFileSync);`],
  },
  {
    name: "the names of every host there is",
    source: "node:vm",
    expect: "ends",
    blocks: [
      `const names = ["process", "require", "module", "exports", "__dirname", "__filename", "global", "Buffer", "setImmediate", "Deno", "Bun",
         "window", "self", "document", "importScripts", "postMessage", "navigator", "fetch", "XMLHttpRequest", "WebSocket", "Worker", "ivm", "_ivm", "$0", "$1"];
       for (const name of names) {
         const kind = (0, eval)("typeof " + name);
         if (kind !== "undefined") print((["global", "self", "navigator", "fetch", "$0", "$1"].includes(name) ? "sees " : "FOUND ") + name + " " + kind);
       }`,
    ],
  },
  {
    name: "a process invented by the prototype of all objects",
    source: "lodash and friends: prototype pollution",
    expect: "ends",
    blocks: [
      `Object.prototype.shell = "/bin/sh"; Object.prototype.env = { NODE_OPTIONS: "--require /tmp/x.js" };
       Object.prototype.NODE_OPTIONS = "--inspect"; Object.prototype.execArgv = ["--eval", "1"];
       await echo({}); print("polluted");
       for (const key of ["shell", "env", "NODE_OPTIONS", "execArgv"]) delete Object.prototype[key];`,
    ],
  },
];
