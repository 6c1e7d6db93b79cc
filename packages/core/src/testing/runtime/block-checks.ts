import { ensure, ensureEqual } from "../contract.ts";
import { ensureEnded, ensureIdle, ensureThrew } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

/** Blocks of JavaScript: what lasts, what is shown, what ends them. */
export const blockChecks: RuntimeChecks = {
  "every kind of top-level name lasts and may be declared again": keepsDeclarations,
  "functions see later changes of top-level names": keepsClosures,
  "await works at the top level and in what is awaited": awaits,
  "types are stripped": stripsTypes,
  "the value of a last expression is shown, and nothing else": echoes,
  "print and console write, strings as they are": prints,
  "a turn comes only when no microtask is left": runsToQuiescence,
  "an error shows its name, its cause and the model's own line": showsErrors,
  "what was set before a throw stays, also after an await": keepsBeforeThrow,
  "variables are summarized, changed ones marked": summarizesVariables,
  "VARIABLES() lists what was set": listsVariables,
  "globals and functions of the spec are there": hasSpec,
  "reserved names are restored in the next block": restoresNames,
  "calls that nobody awaited are named": namesUnawaited,
  "a rejection that nobody handles ends nothing": survivesStrays,
  "code of another language is answered with the right spelling": knowsOthers,
  "a block that waits for nothing is idle, and the next block works": survivesDeadlock,
};

async function keepsDeclarations(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const declare = (n: number) => [
    `const a = ${n}; let b = a + 1; var c = [a];`,
    `function f() { return a * 10; } class G { value() { return b; } }`,
    `const { d, e: [h = 7] = [] } = { d: "d${n}" }; undeclared = ${n};`,
    `for (const i of [1]) { var inner = i + ${n}; }`,
  ];
  const show = "print(JSON.stringify([a, b, c, f(), new G().value(), d, h, undeclared, inner]));";
  for (const n of [1, 5]) {
    await repl.ended(...declare(n));
    const expected = [n, n + 1, [n], n * 10, n + 1, `d${n}`, 7, n, n + 1];
    ensureEqual(await repl.json(show), expected, "what was declared");
  }
}

async function keepsClosures(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.ended("let count = 0; const add = () => { count += 1; return count; };");
  await repl.ended("add(); count = 10;");
  ensureEqual(await repl.json("print(add());"), 11, "what the function counts");
  await repl.ended("let count = 100;");
  ensureEqual(await repl.json("print(add());"), 101, "what it counts once the name is declared again");
}

async function awaits(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const lines = [
    'const texts = await Promise.all(["a", "b"].map(async (item) => (await echo(item)) + "!"));',
    "for await (const text of texts) print(text);",
    "const last = await (async () => await echo(texts.length))();",
    "print(last);",
  ];
  const played = await repl.play(lines, ({ args }) => ({ ok: true, value: args[0] ?? null }));
  ensureEnded(played);
  ensureEqual(played.output, "a!\nb!\n2\n", "the output");
}

async function stripsTypes(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const lines = [
    "interface Row { name: string; size?: number }",
    "type Rows = readonly Row[];",
    'const rows: Rows = [{ name: "a", size: 1 }, { name: "b" }];',
    "function sizes<T extends Row>(list: readonly T[]): number { return list.length as number; }",
    "print(sizes<Row>(rows)!);",
  ];
  ensureEqual(await repl.output(...lines), "2\n", "the output");
}

async function echoes(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const echo = async (code: string) => (await repl.ended(code)).echo;
  ensureEqual(await echo("6 * 7"), "42", "the echo of 6 * 7");
  ensureEqual(await echo("const a = 1;"), null, "the echo of a declaration");
  ensureEqual(await echo("undefined"), null, "the echo of undefined");
  ensureEqual(await echo("if (a) { print(a); }"), null, "the echo of a statement");
  ensureEqual(await echo("await null"), "null", "the echo of await null");
  const list = (await echo('[1, { key: "some text" }]')) ?? "";
  for (const part of ["1", "key", "some text"]) ensure(list.includes(part), `the echo of a list is ${list}`);
  ensureIdle(await repl.start("await echo(1)"));
  ensureEqual(ensureEnded(await repl.answer(0, 12345)).echo, "12345", "the echo of an awaited call");
}

async function prints(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const output = await repl.output(
    'print("a", 1, true, null, undefined); console.log("log"); console.error("error"); console.warn("warn");',
    'print(); print("two\\nlines"); console.info({ key: [1] });',
  );
  const lines = output.split("\n");
  ensureEqual(
    lines.slice(0, 7),
    ["a 1 true null undefined", "log", "error", "warn", "", "two", "lines"],
    "output",
  );
  const rest = lines.slice(7).join("\n");
  ensure(rest.includes("key") && rest.includes("1"), `the output of an object is ${rest}`);
}

async function runsToQuiescence(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const chain = (name: string) => `for (let i = 0; i < 1000; i += 1) await null; print("${name}");`;
  const first = await repl.start(
    `(async () => { ${chain("beside")} echo("from beside"); })();`,
    chain("main"),
    "await echo(0);",
    chain("end"),
  );
  ensureEqual(first.output.split("\n").sort(), ["", "beside", "main"], "the lines of the first turn");
  ensureEqual(first.calls.length, 2, "the number of calls of the first turn");
  const asked = first.calls.find(({ args }) => args[0] === 0);
  const second = await repl.answer(asked?.index ?? 0, null);
  ensureEqual(second.output, "end\n", "the output after 1,000 awaits");
  ensureEnded(second);
}

async function showsErrors(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { error, text } = await repl.threw(
    "const rows = [];",
    'const fault = () => { throw new RangeError("far out", { cause: new TypeError("deeper") }); };',
    "fault(rows[0]);",
  );
  const expected = {
    name: "RangeError",
    message: "far out",
    cause: { name: "TypeError", message: "deeper" },
  };
  ensureEqual(error, expected, "the error");
  for (const part of ["RangeError", "far out", "deeper", "fault(rows[0]);"]) {
    ensure(text.includes(part), `the error's text lacks ${part}: ${text}`);
  }
  ensure(!/node:|\/src\/|\/dist\/|file:/.test(text), `the error's text shows the host: ${text}`);
  const thrown = await repl.threw("throw { odd: 1 };");
  ensure(thrown.text.includes("odd"), `the text of a thrown object is ${thrown.text}`);
  const missing = await repl.threw("nowhere + 1");
  ensureEqual(missing.error.name, "ReferenceError", "the error's name");
}

async function keepsBeforeThrow(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.start('let step = "begun";', 'step = await echo("x");', "const list = [step]; null.nothing;");
  const turn = await repl.answer(0, "answered");
  ensureEqual(ensureThrew(turn).error.name, "TypeError", "the error's name");
  ensureEqual(
    await repl.json("print(JSON.stringify([step, list]));"),
    ["answered", ["answered"]],
    "what was set",
  );
}

async function summarizesVariables(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.ended(
    'const text = "x".repeat(1000); const list = [1, 2, 3]; const map = new Map();',
  );
  const rows = first.variables.map(({ name, size, changed }) => [name, size, changed]);
  const expected = [
    ["list", 3, true],
    ["map", 0, true],
    ["text", 1000, true],
  ];
  ensureEqual(rows.toSorted(byName), expected, "the summary of the first block");
  const second = await repl.ended("const other = 1; list.push(4);");
  const changed = second.variables.filter((row) => row.changed).map(({ name, size }) => [name, size]);
  ensureEqual(
    changed.toSorted(byName),
    [
      ["list", 4],
      ["other", null],
    ],
    "what changed in the second block",
  );
  ensureEqual(second.variables.length, 4, "the number of variables");
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

async function listsVariables(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ globals: { given: 1 } });
  await repl.ended('const one = "1"; function two() {}');
  const names = await repl.json("print(JSON.stringify(VARIABLES().map((row) => row.name).sort()));");
  ensureEqual(names, ["given", "one", "two"], "the names that VARIABLES() lists");
}

async function hasSpec(rig: RuntimeRig): Promise<void> {
  const globals = { given: { list: [1, "two"] }, "not a name": 3 };
  const repl = await rig.open({
    agentId: "root.scan_1",
    depth: 2,
    maxDepth: 4,
    globals,
    functions: ["only"],
  });
  const facts = "[AGENT_ID, DEPTH, MAX_DEPTH, given, globalThis['not a name'], typeof echo]";
  const expected = ["root.scan_1", 2, 4, { list: [1, "two"] }, 3, "undefined"];
  ensureEqual(await repl.json(`print(JSON.stringify(${facts}));`), expected, "what the spec gives");
  const turn = await repl.start("print(only(1) instanceof Promise);");
  ensureEqual(turn.output, "true\n", "whether a function gives a promise");
  ensureEqual(turn.calls, [{ index: 0, name: "only", args: [1] }], "the list of calls");
}

async function restoresNames(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ functions: ["echo"] });
  const shadow = await repl.start(
    "print = 1; const delegate = 2; let CONTEXT = 3; var llmQuery = 4; function done() {} echo = 5;",
    "wait = 6; console = 7; DEPTH = 99; AGENT_ID = 'me';",
    "[typeof print, typeof delegate, CONTEXT].join()",
  );
  const { echo } = ensureEnded(shadow);
  ensure(echo?.includes("number,number,3") === true, `names can't be shadowed within a block: ${echo}`);
  const types =
    "[print, console.log, delegate, llmQuery, done, echo, wait, VARIABLES].map((one) => typeof one)";
  const next = await repl.json(
    `print(JSON.stringify([...new Set(${types}), typeof CONTEXT, DEPTH, AGENT_ID]));`,
  );
  ensureEqual(next, ["function", "object", 1, "root"], "the names in the next block");
}

async function namesUnawaited(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const lines = [
    "const kept = echo(0);",
    "echo(1);",
    "echo(2).then(() => {});",
    "llmQuery('3');",
    "await lookUp(4);",
    "await kept;",
    'print("end");',
  ];
  const played = await repl.play(lines, () => ({ ok: true, value: null }));
  ensureEqual(ensureEnded(played).unawaited, [1, 3], "unawaited");
  ensureEqual(played.calls.length, 5, "the number of calls");
}

async function survivesStrays(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(
    'Promise.reject(new Error("stray")); echo(1).then(() => {});',
    'print("end");',
  );
  ensureEnded(first);
  ensure(first.output.startsWith("end\n"), `the output is ${first.output}`);
  ensureEnded(await repl.refuse(0, { name: "ToolError", message: "refused late" }));
  ensureEqual(await repl.output('print("next");'), "next\n", "the output of the next block");
}

async function knowsOthers({ runtime }: RuntimeRig): Promise<void> {
  const said = (code: string) => runtime.kernel.parses(code) ?? "nothing";
  const waits = said("const results = yield wait(handle);");
  ensure(waits.includes("await wait("), `of yield wait(…) the kernel says: ${waits}`);
  const python = said('def count(text):\n    return len(text.split())\n\nprint(f"{count(text)} words")');
  ensure(python.includes("JavaScript"), `of Python the kernel says: ${python}`);
}

async function survivesDeadlock(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const stuck = await repl.start(
    "const gate = Promise.withResolvers(); let reached = 1;",
    "await gate.promise;",
    "reached = 2;",
  );
  ensureIdle(stuck);
  ensureEqual(stuck.calls, [], "the list of calls of a block that waits for nothing");
  ensureEqual(await repl.json("print(reached);"), 1, "what the block reached");
  ensureIdle(await repl.start("await echo(1); print(reached);"));
  ensureEqual((await repl.answer(0, null)).output, "1\n", "the output of a later block");
}
