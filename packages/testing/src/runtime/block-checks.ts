import type { Outcome } from "@rlmflow/core";
import type { Call } from "@rlmflow/core/driver";
import { ensure, ensureEqual } from "../contract/contract.ts";
import { ensureEnded, ensureIdle, ensureThrew } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

/** Blocks of code: what lasts, what is shown, what ends them. */
export const blockChecks: RuntimeChecks = {
  "every kind of top-level name lasts and may be declared again": keepsDeclarations,
  "functions see later changes of top-level names": keepsClosures,
  "await works at the top level and in what is awaited": awaits,
  "types are stripped": stripsTypes,
  "the value of a last expression is shown, and nothing else": echoes,
  "print and console write, strings as they are": prints,
  "an activation comes only when no microtask is left": runsToQuiescence,
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
  const { declare } = rig.programs.blocks;
  for (const n of [1, 5]) {
    await repl.ended(declare.with(n));
    ensureEqual(await repl.json(declare.show), declare.expected(n), "what was declared");
  }
}

async function keepsClosures(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { counter } = rig.programs.blocks;
  await repl.ended(counter.define);
  await repl.ended(counter.addAndSet);
  ensureEqual(await repl.json(counter.add), 11, "what the function counts");
  await repl.ended(counter.again);
  ensureEqual(await repl.json(counter.add), 101, "what it counts once the name is declared again");
}

async function awaits(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const answerOf = ({ args }: Call): Outcome => ({ ok: true, value: args[0] ?? null });
  const played = await repl.play([rig.programs.blocks.awaits], answerOf);
  ensureEnded(played);
  ensureEqual(played.output, "a!\nb!\n2\n", "the output");
}

async function stripsTypes(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  ensureEqual(await repl.output(rig.programs.blocks.types), "2\n", "the output");
}

async function echoes(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { echoes: samples, echoOfList, echoOfCall } = rig.programs.blocks;
  for (const [code, expected] of samples) {
    ensureEqual((await repl.ended(code)).echo, expected, `the echo of ${code}`);
  }
  const list = (await repl.ended(echoOfList)).echo ?? "";
  for (const part of ["1", "key", "some text"]) ensure(list.includes(part), `the echo of a list is ${list}`);
  ensureIdle(await repl.start(echoOfCall));
  ensureEqual(ensureEnded(await repl.answer(0, 12345)).echo, "12345", "the echo of an awaited call");
}

async function prints(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const sample = rig.programs.blocks.prints;
  const lines = (await repl.output(sample.code)).split("\n");
  ensureEqual(lines.slice(0, sample.lines.length), sample.lines, "output");
  const rest = lines.slice(sample.lines.length).join("\n");
  ensure(rest.includes("key") && rest.includes("1"), `the output of an object is ${rest}`);
}

async function runsToQuiescence(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(rig.programs.blocks.quiescence);
  ensureEqual(first.output.split("\n").sort(), ["", "beside", "main"], "the lines of the first activation");
  ensureEqual(first.calls.length, 2, "the number of calls of the first activation");
  const asked = first.calls.find(({ args }) => args[0] === 0);
  const second = await repl.answer(asked?.index ?? 0, null);
  ensureEqual(second.output, "end\n", "the output after 1,000 awaits");
  ensureEnded(second);
}

async function showsErrors(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { throwsFar, throwsOdd, missing } = rig.programs.blocks;
  const { error, text } = await repl.threw(throwsFar.code);
  ensureEqual(error, throwsFar.error, "the error");
  for (const part of [error.name, "far out", "deeper", throwsFar.line]) {
    ensure(text.includes(part), `the error's text lacks ${part}: ${text}`);
  }
  ensure(!HOST_PLACE.test(text), `the error's text shows the host: ${text}`);
  const thrown = await repl.threw(throwsOdd);
  ensure(thrown.text.includes("odd"), `the text of a thrown object is ${thrown.text}`);
  ensureEqual((await repl.threw(missing.code)).error.name, missing.name, "the error's name");
}

/** What only a host's stack has in it. */
const HOST_PLACE = /node:|\/src\/|\/dist\/|file:|\.py\b/;

async function keepsBeforeThrow(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { halfWay, showHalfWay } = rig.programs.blocks;
  await repl.start(halfWay.code);
  const activation = await repl.answer(0, "answered");
  ensureEqual(ensureThrew(activation).error.name, halfWay.name, "the error's name");
  ensureEqual(await repl.json(showHalfWay), ["answered", ["answered"]], "what was set");
}

async function summarizesVariables(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const samples = rig.programs.blocks.variables;
  const first = await repl.ended(samples.first);
  const rows = first.variables.map(({ name, size, changed }) => [name, size, changed]);
  const expected = [
    ["list", 3, true],
    ["map", 0, true],
    ["text", 1000, true],
  ];
  ensureEqual(rows.toSorted(byName), expected, "the summary of the first block");
  const second = await repl.ended(samples.second);
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
  const { lists } = rig.programs.blocks;
  await repl.ended(lists.set);
  ensureEqual(await repl.json(lists.show), ["given", "one", "two"], "the names that VARIABLES() lists");
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
  const expected = ["root.scan_1", 2, 4, { list: [1, "two"] }, 3, false];
  ensureEqual(await repl.json(rig.programs.blocks.facts), expected, "what the spec gives");
  const activation = await repl.start(rig.programs.blocks.awaitable);
  ensureEqual(activation.output, "true\n", "whether a function gives something to await");
  ensureEqual(activation.calls, [{ index: 0, name: "only", args: [1] }], "the list of calls");
}

async function restoresNames(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ functions: ["echo"] });
  const { shadows, restored } = rig.programs.blocks;
  const { echo } = ensureEnded(await repl.start(shadows.code));
  ensure(echo?.includes(shadows.seen) === true, `names can't be shadowed within a block: ${echo}`);
  ensureEqual(await repl.json(restored), [true, true, 1, "root"], "the names in the next block");
}

async function namesUnawaited(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const played = await repl.play([rig.programs.blocks.unawaited], () => ({ ok: true, value: null }));
  ensureEqual(ensureEnded(played).unawaited, [1, 3], "unawaited");
  ensureEqual(played.calls.length, 5, "the number of calls");
}

async function survivesStrays(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(rig.programs.blocks.strays);
  ensureEnded(first);
  ensure(first.output.startsWith("end\n"), `the output is ${first.output}`);
  ensureEnded(await repl.refuse(0, { name: "ToolError", message: "refused late" }));
  ensureEqual(await repl.output(rig.code.write("next")), "next\n", "the output of the next block");
}

async function knowsOthers({ runtime, programs }: RuntimeRig): Promise<void> {
  for (const [code, expected] of programs.blocks.others) {
    const said = runtime.language.parses(code) ?? "nothing";
    ensure(said.includes(expected), `of ${code.split("\n", 1)[0]} the language says: ${said}`);
  }
}

async function survivesDeadlock(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { code } = rig;
  const stuck = await repl.start(rig.programs.blocks.deadlock);
  ensureIdle(stuck);
  ensureEqual(stuck.calls, [], "the list of calls of a block that waits for nothing");
  ensureEqual(await repl.json(code.show("reached")), 1, "what the block reached");
  ensureIdle(await repl.start(code.call("echo", 1), code.show("reached")));
  ensureEqual((await repl.answer(0, null)).output, "null\n1\n", "the output of a later block");
}
