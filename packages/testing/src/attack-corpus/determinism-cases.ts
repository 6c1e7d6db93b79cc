import type { AttackCase } from "./attack-case.ts";

/** What would differ from one run to the next if it were there; a rebuilt REPL has to be the same. */
export const determinismCases: readonly AttackCase[] = [
  {
    name: "the clock",
    source: "Temporal TS",
    expect: "same",
    blocks: [
      `print(Date.now(), new Date().getTime(), Number(Date()), new Date().toISOString(), typeof performance, new Date(undefined).getTime());
       for (let i = 0, t = Date.now(); i < 1e6; i++) if (Date.now() !== t) { print("FOUND a clock that moves"); break; }`,
    ],
  },
  {
    name: "the clock by other ways",
    source: "Temporal TS",
    expect: "same",
    blocks: [
      `print(new (Object.getPrototypeOf(new Date()).constructor)().getTime(), Reflect.construct(Date, []).getTime(), new (class extends Date {})().getTime());
       print(typeof Temporal === "undefined" ? "no Temporal" : String(Temporal.Now.instant()));
       print(new Intl.DateTimeFormat("en-US", { timeStyle: "full", dateStyle: "full" }).format());
       print(new Intl.DateTimeFormat("en-US", { timeStyle: "full" }).formatToParts().length);`,
    ],
  },
  {
    name: "the time zone and the locale",
    source: "Temporal TS",
    expect: "same",
    blocks: [
      `print(new Date(2020, 6, 1).toString(), new Date(0).getTimezoneOffset(), Intl.DateTimeFormat().resolvedOptions().timeZone, Intl.DateTimeFormat().resolvedOptions().locale);
       print((1234567.891).toLocaleString(), new Date(0).toLocaleString(), ["b", "a", "Z", "ä"].sort((a, b) => a.localeCompare(b)).join());`,
    ],
  },
  {
    name: "chance",
    source: "Temporal TS",
    expect: "same",
    blocks: [
      `print(Math.random(), Math.random(), [1, 2, 3, 4, 5].sort(() => Math.random() - 0.5).join(), typeof crypto);`,
      `print(Math.random());`,
    ],
  },
  {
    name: "the order of keys, entries and globals",
    source: "Temporal TS",
    expect: "same",
    blocks: [
      `print(Object.keys({ b: 1, 2: 1, a: 1, 1: 1, [Symbol("s")]: 1 }).join(), Reflect.ownKeys(globalThis).map(String).join());
       print(VARIABLES());`,
    ],
  },
  {
    name: "the order in which tools, microtasks and generators go on",
    source: "Temporal TS",
    expect: "same",
    blocks: [
      `const order = [];
       const all = ["a", "b", "c"].map((n) => echo(n).then((v) => { order.push(v); return echo(v + v); }).then((v) => order.push(v)));
       Promise.resolve().then(() => order.push("micro")); await null; order.push("main");
       await Promise.race(all); order.push("race"); await Promise.all(all); print(order.join());`,
    ],
  },
  {
    name: "garbage that is collected or not",
    source: "Temporal TS: WeakRef throws",
    expect: "same",
    blocks: [
      `print(typeof WeakRef, typeof FinalizationRegistry, typeof gc);
       if (typeof WeakRef === "function") { let o = {}; const r = new WeakRef(o); o = null; const junk = []; for (let i = 0; i < 3e5; i++) junk.push([i]); await echo(1); print(r.deref() === undefined ? "FOUND collected" : "kept"); }`,
    ],
  },
  {
    name: "threads, shared memory and what times them",
    source: "workerd: Spectre",
    expect: "same",
    blocks: [
      `print(["SharedArrayBuffer", "Atomics", "Worker", "WebAssembly", "performance", "setTimeout", "setInterval", "queueMicrotask", "MessageChannel"].map((n) => n + " " + (0, eval)("typeof " + n)).join());`,
    ],
  },
  {
    name: "stack texts",
    source: "rebuilds that print stacks",
    expect: "same",
    blocks: [
      `try { null.x; } catch (error) { print(error.stack); }\nprint(new Error("e").stack);\nthrow new Error("seen");`,
    ],
  },
  {
    name: "text and numbers in every form",
    source: "ICU and V8 versions",
    expect: "same",
    blocks: [
      `print("ǆ".toLocaleUpperCase(), "İ".toLowerCase(), "é".normalize("NFD").length, 0.1 + 0.2, (25).toString(36), 1e21, Math.sin(1), Math.pow(2, 0.5), 2 ** 0.5, new Intl.NumberFormat("de").format(1234.5));`,
    ],
  },
];
