import type { JsonValue } from "@rlmflow/core";
import { ensure, ensureEqual } from "../contract/contract.ts";
import { ensureEnded, ensureIdle } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

const MIB = 1_048_576;

/** What crosses the boundary of a REPL, and what does not. */
export const valueChecks: RuntimeChecks = {
  "JSON values cross unchanged, both ways": crossesExactly,
  "half surrogate pairs cross without harm": crossesHalfPairs,
  "texts of a MiB cross, both ways": crossesLongTexts,
  "values nested a hundred deep cross, both ways": crossesDeep,
  "what is no JSON is a TypeError for the code, and no call": refusesNonJson,
  "a refused call throws an Error with name, message and cause, and nothing of the host": throwsErrors,
  "a refused call can be caught, and the block goes on": catchesRefusal,
};

const VALUES: readonly JsonValue[] = [
  null,
  "",
  "line\nfeed \u2028 \u0000 \\ \" ' ` </script>",
  "ä 漢 \u{1F680} e\u0301 \ufeff \uffff",
  [0, -1, 1e21, 1.7976931348623157e308, 5e-324, 0.1, 9007199254740991],
  JSON.parse('{"__proto__":{"a":1},"constructor":null,"toString":"x","":[],"toJSON":1,"then":2}'),
  [[], {}, [[[]]], { a: { b: [{}] } }],
];

async function crossesExactly(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const samples = rig.programs.values;
  for (const value of VALUES) {
    const first = await repl.start(samples.exact(JSON.stringify(value)));
    ensureEqual(first.calls, [{ index: 0, name: "echo", args: [value, [value]] }], "what the host is given");
    const second = await repl.answer(0, value);
    ensureEqual(second.output, "true\n", `whether the code gets ${JSON.stringify(value)}`);
  }
  ensureIdle(await repl.start(samples.minusZero));
  ensureEqual((await repl.answer(0, -0)).output, "true\n", "whether the code gets 0 for -0");
}

async function crossesHalfPairs(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const text = "a\ud83d b\ude00 c\ud83d";
  const first = await repl.start(rig.programs.values.halfPairs(text));
  ensureEqual(first.calls[0]?.args.length, 2, "the number of arguments");
  for (const seen of [first.output.trimEnd(), first.calls[0]?.args[0]]) {
    ensure(seen === text || seen === text.toWellFormed(), `half pairs arrive as ${JSON.stringify(seen)}`);
  }
  const second = await repl.answer(0, text);
  ensureEqual(second.output, "a? b? c?\n", "what the code gets");
}

async function crossesLongTexts(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const text = "x\u{1F680}".repeat(MIB / 3);
  const first = await repl.start(rig.programs.values.long(MIB / 3));
  ensure(first.calls[0]?.args[0] === text, "a text of a MiB does not arrive as it was sent");
  ensureEqual((await repl.answer(0, text + text)).output, "true\n", "whether the code gets 2 MiB");
}

async function crossesDeep(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const deep = `${'[{"a":'.repeat(50)}1${"}]".repeat(50)}`;
  const first = await repl.start(rig.programs.values.deep(deep));
  ensureEqual(JSON.stringify(first.calls[0]?.args[0]), deep, "what the host is given");
  ensureEqual((await repl.answer(0, JSON.parse(deep))).output, "true\n", "whether the code gets it back");
}

async function refusesNonJson(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { code, verdicts } = rig.programs.values.nonJson;
  const activation = await repl.start(code);
  ensureEnded(activation);
  ensureEqual(activation.output.trimEnd().split("\n"), verdicts, "the verdicts");
  ensureEqual(activation.calls, [], "the list of calls");
}

async function throwsErrors(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.start(rig.programs.values.caught);
  const cause = { name: "SystemError", message: "no such file" };
  const activation = await repl.refuse(0, { name: "ToolError", message: "it failed", cause });
  const [first = "", second = ""] = activation.output.split("\n");
  const seen = [true, "ToolError", "it failed", "SystemError", "no such file"];
  ensureEqual(JSON.parse(first || "null"), seen, "what the code sees of the error");
  ensure(!/node:|\.ts\b|\.m?js\b|\.py\b|file:/.test(second), `the error shows the host: ${second}`);
}

async function catchesRefusal(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { code, lines } = rig.programs.values.settled;
  await repl.start(code);
  ensureIdle(await repl.refuse(1, { name: "Error", message: "one" }));
  ensureEqual((await repl.answer(0, null)).output, `${lines[0]}\n`, "the output after both answers");
  const last = await repl.refuse(2, { name: "Error", message: "two" });
  ensureEqual(last.output, `${lines[1]}\n`, "the output after the third");
  ensureEnded(last);
}
