import type { BlockSamples } from "../sample-programs.ts";

const FUNCTIONS = "[print, console.log, delegate, llmQuery, done, echo, wait, VARIABLES]";

/** Blocks of JavaScript. */
export const blockSamples: BlockSamples = {
  declare: {
    with: (n) =>
      [
        `const a = ${n}; let b = a + 1; var c = [a];`,
        `function f() { return a * 10; } class G { value() { return b; } }`,
        `const { d, e: [h = 7] = [] } = { d: "d${n}" }; undeclared = ${n};`,
        `for (const i of [1]) { var inner = i + ${n}; }`,
      ].join("\n"),
    show: "print(JSON.stringify([a, b, c, f(), new G().value(), d, h, undeclared, inner]));",
    expected: (n) => [n, n + 1, [n], n * 10, n + 1, `d${n}`, 7, n, n + 1],
  },
  counter: {
    define: "let count = 0; const add = () => { count += 1; return count; };",
    addAndSet: "add(); count = 10;",
    add: "print(add());",
    again: "let count = 100;",
  },
  awaits: [
    'const texts = await Promise.all(["a", "b"].map(async (item) => (await echo(item)) + "!"));',
    "for await (const text of texts) print(text);",
    "const last = await (async () => await echo(texts.length))();",
    "print(last);",
  ].join("\n"),
  types: [
    "interface Row { name: string; size?: number }",
    "type Rows = readonly Row[];",
    'const rows: Rows = [{ name: "a", size: 1 }, { name: "b" }];',
    "function sizes<T extends Row>(list: readonly T[]): number { return list.length as number; }",
    "print(sizes<Row>(rows)!);",
  ].join("\n"),
  echoes: [
    ["6 * 7", "42"],
    ["const a = 1;", null],
    ["undefined", null],
    ["if (a) { print(a); }", null],
    ["await null", "null"],
  ],
  echoOfList: '[1, { key: "some text" }]',
  echoOfCall: "await echo(1)",
  prints: {
    code: [
      'print("a", 1, true, null, undefined); console.log("log"); console.error("error"); console.warn("warn");',
      'print(); print("two\\nlines"); console.info({ key: [1] });',
    ].join("\n"),
    lines: ["a 1 true null undefined", "log", "error", "warn", "", "two", "lines"],
  },
  quiescence: [
    '(async () => { for (let i = 0; i < 1000; i += 1) await null; print("beside"); echo("from beside"); })();',
    'for (let i = 0; i < 1000; i += 1) await null; print("main");',
    "await echo(0);",
    'for (let i = 0; i < 1000; i += 1) await null; print("end");',
  ].join("\n"),
  throwsFar: {
    code: [
      "const rows = [];",
      'const fault = () => { throw new RangeError("far out", { cause: new TypeError("deeper") }); };',
      "fault(rows[0]);",
    ].join("\n"),
    error: { name: "RangeError", message: "far out", cause: { name: "TypeError", message: "deeper" } },
    line: "fault(rows[0]);",
  },
  throwsOdd: "throw { odd: 1 };",
  missing: { code: "nowhere + 1", name: "ReferenceError" },
  halfWay: {
    code: 'let step = "begun";\nstep = await echo("x");\nconst list = [step]; null.nothing;',
    name: "TypeError",
  },
  showHalfWay: "print(JSON.stringify([step, list]));",
  variables: {
    first: 'const text = "x".repeat(1000); const list = [1, 2, 3]; const map = new Map();',
    second: "const other = 1; list.push(4);",
  },
  lists: {
    set: 'const one = "1"; function two() {}',
    show: "print(JSON.stringify(VARIABLES().map((row) => row.name).sort()));",
  },
  facts:
    "print(JSON.stringify([AGENT_ID, DEPTH, MAX_DEPTH, given, globalThis['not a name'], typeof echo !== 'undefined']));",
  awaitable: "print(only(1) instanceof Promise);",
  shadows: {
    code: [
      "print = 1; const delegate = 2; let CONTEXT = 3; var llmQuery = 4; function done() {} echo = 5;",
      "wait = 6; console = 7; DEPTH = 99; AGENT_ID = 'me';",
      "[typeof print, typeof delegate, CONTEXT].join()",
    ].join("\n"),
    seen: "number,number,3",
  },
  restored: `print(JSON.stringify([${FUNCTIONS}.every((one) => typeof one === "function"), typeof CONTEXT === "object", DEPTH, AGENT_ID]));`,
  unawaited: [
    "const kept = echo(0);",
    "echo(1);",
    "echo(2).then(() => {});",
    "llmQuery('3');",
    "await lookUp(4);",
    "await kept;",
    'print("end");',
  ].join("\n"),
  strays: 'Promise.reject(new Error("stray")); echo(1).then(() => {});\nprint("end");',
  others: [
    ["const results = yield wait(handle);", "await wait("],
    ['def count(text):\n    return len(text.split())\n\nprint(f"{count(text)} words")', "JavaScript"],
  ],
  deadlock: "const gate = Promise.withResolvers(); let reached = 1;\nawait gate.promise;\nreached = 2;",
};
