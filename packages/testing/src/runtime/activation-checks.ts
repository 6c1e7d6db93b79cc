import { ensure, ensureEqual } from "../contract/contract.ts";
import { ensureEnded, ensureIdle, ensureThrew, parseLine } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

/** What an activation holds, in any language. */
export const activationChecks: RuntimeChecks = {
  "a call waits for its answer and gets it": answersCall,
  "calls of one activation come in the order of the code, numbered on over the block": numbersCalls,
  "answers are taken in any order": takesAnyOrder,
  "an answer has its whole effect in the activation that it begins": actsAtOnce,
  "output is in the activation in which it was written, once": writesInActivation,
  "output that is cut says how much was kept of how much": tellsCut,
  "a block that ends has ended while its calls are still out": endsBeforeCalls,
  "a block that throws has thrown while its calls are still out": throwsBeforeCalls,
  "hundreds of calls at once are all made and answered": makesManyCalls,
  "variables last from block to block": keepsVariables,
  "a block that throws says so, and keeps what it set before": keepsWhatWasSet,
  "a block that does not parse runs nothing and is told apart": tellsMalformed,
  "a refused answer throws in the code": throwsRefusal,
  "what a block left open does nothing in a later one": dropsLateEffects,
};

async function answersCall(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(rig.code.call("lookUp", "key", { deep: [1, null, true] }));
  ensureIdle(first);
  const call = { index: 0, name: "lookUp", args: ["key", { deep: [1, null, true] }] };
  ensureEqual(first.calls, [call], "the list of calls");
  const second = await repl.answer(0, { found: ["it"] });
  ensureEnded(second);
  ensureEqual(parseLine(second.output), { found: ["it"] }, "what the code got");
}

async function numbersCalls(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  for (let block = 0; block < 2; block += 1) {
    const first = await repl.start(rig.code.callAll("echo", ["a", "b", "c"]), rig.code.call("echo", "d"));
    ensureIdle(first);
    ensureEqual(
      first.calls.map(({ args }) => args[0]),
      ["a", "b", "c"],
      "the order of the calls",
    );
    ensureEqual((await repl.answer(0, "A")).calls, [], "the list of calls after one answer of three");
    await repl.answer(1, "B");
    const last = await repl.answer(2, "C");
    ensureEqual(last.calls, [{ index: 3, name: "echo", args: ["d"] }], "the list of calls after all three");
    ensureEnded(await repl.answer(3, "D"));
  }
}

async function takesAnyOrder(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.start(rig.code.callAll("echo", [0, 1, 2, 3]));
  for (const index of [2, 0, 3, 1]) {
    const activation = await repl.answer(index, `answer ${index}`);
    ensureEqual(parseLine(activation.output), [index, `answer ${index}`], `the output after answer ${index}`);
    if (index === 1) ensureEnded(activation);
    else ensureIdle(activation);
  }
}

async function actsAtOnce(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.start(rig.code.call("echo", 0), rig.code.call("echo", 1), rig.code.write("end"));
  const second = await repl.answer(0, "first");
  ensureEqual(second.output, '"first"\n', "the output after the first answer");
  ensureEqual(second.calls, [{ index: 1, name: "echo", args: [1] }], "the list of calls after it");
  const third = await repl.answer(1, "second");
  ensureEqual(third.output, '"second"\nend\n', "the output after the second answer");
  ensureEnded(third);
}

async function writesInActivation(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { code } = rig;
  const first = await repl.start(
    code.write("one"),
    code.write("two"),
    code.call("echo", 1),
    code.write("end"),
  );
  ensureEqual(first.output, "one\ntwo\n", "the output before the call");
  const second = await repl.answer(0, "\u{1F600} ä");
  ensureEqual(second.output.split("\n").slice(1), ["end", ""], "the output after the first line");
  ensureEqual(parseLine(second.output.split("\n")[0] ?? ""), "\u{1F600} ä", "the first line of the output");
  ensureEqual(await repl.output(code.set("a", 1)), "", "the output of a block that writes nothing");
}

const FLOOD = 5_000_000;

async function tellsCut(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const lines = [rig.code.write("head"), rig.code.flood(FLOOD), rig.code.write("tail")];
  const activation = await repl.start(...lines);
  ensureEnded(activation);
  const written = "head\n".length + FLOOD + 1 + "tail\n".length;
  const { kept, total } = activation.outputCut ?? { kept: written, total: written };
  ensureEqual(total, written, "the number of characters written");
  const isHere = activation.output.length >= kept && activation.output.length < kept + 1000;
  ensure(isHere, `${kept} characters were kept, and ${activation.output.length} are there`);
  ensure(activation.output.startsWith("head\n"), "the beginning of the output is lost");
  ensure(activation.output.endsWith("tail\n"), "the end of the output is lost");
  const next = await repl.start(rig.code.write("next"));
  ensureEqual(next.outputCut, undefined, "outputCut of the next block");
  ensureEqual(next.output, "next\n", "the output of the next block");
}

async function endsBeforeCalls(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(
    rig.code.leave("echo", "a"),
    rig.code.leave("lookUp", "b"),
    rig.code.write("end"),
  );
  ensureEnded(first);
  ensureEqual(
    first.calls.map(({ name }) => name),
    ["echo", "lookUp"],
    "the calls",
  );
  ensureEqual(first.output, "end\n", "the output");
  for (const index of [1, 0]) {
    const state = ensureEnded(await repl.answer(index, "late"));
    ensureEqual(state.unawaited, [0, 1], "unawaited");
  }
}

async function throwsBeforeCalls(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(rig.code.leave("echo", "a"), rig.code.fail("too soon"));
  const { error } = ensureThrew(first);
  ensureEqual(first.calls.length, 1, "the number of calls");
  const second = await repl.answer(0, "late");
  ensureEqual(ensureThrew(second).error, error, "the error after the answer");
  ensureEqual(second.output, "", "the output after the answer");
}

const MANY = 600;

async function makesManyCalls(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const items = Array.from({ length: MANY }, (_, k) => k);
  const played = await repl.play([rig.code.callAll("echo", items), rig.code.write("end")], ({ args }) => {
    return { ok: true, value: [...args] };
  });
  ensureEnded(played);
  ensureEqual(
    played.calls.map(({ args }) => args[0]),
    items,
    "what was asked",
  );
  const lines = played.output.trimEnd().split("\n");
  ensureEqual(lines.pop(), "end", "the last line of output");
  ensureEqual(
    lines.map((line) => parseLine(line)),
    items.map((k) => [k, [k]]),
    "what was answered",
  );
}

async function keepsVariables(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const value = { list: [1, "two", null], deep: { er: true } };
  await repl.ended(rig.code.set("kept", value));
  ensureEqual(await repl.json(rig.code.show("kept")), value, "a variable in the next block");
  await repl.ended(rig.code.set("kept", "new"));
  const { variables } = await repl.ended(rig.code.set("other", 2));
  ensureEqual(await repl.json(rig.code.show("kept")), "new", "a variable that was set again");
  const rows = variables.map(({ name, changed }) => ({ name, changed }));
  const expected = [
    { name: "kept", changed: false },
    { name: "other", changed: true },
  ];
  ensureEqual(
    rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    expected,
    "the summary of variables",
  );
}

async function keepsWhatWasSet(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const lines = [
    rig.code.set("a", 1),
    rig.code.write("before"),
    rig.code.fail("half-way"),
    rig.code.set("a", 2),
  ];
  const activation = await repl.start(...lines);
  const { error, text, syntax, variables } = ensureThrew(activation);
  ensureEqual(activation.output, "before\n", "the output");
  ensureEqual(error.message, "half-way", "the error's message");
  ensure(text.includes("half-way"), `the error's text for the model is ${text}`);
  ensureEqual(syntax, false, "syntax");
  ensureEqual(
    variables.map(({ name }) => name),
    ["a"],
    "the names of the variables",
  );
  ensureEqual(await repl.json(rig.code.show("a")), 1, "the variable");
}

async function tellsMalformed(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.ended(rig.code.set("a", 1));
  const activation = await repl.start(rig.code.write("never"), rig.code.set("a", 2), rig.code.malformed);
  const { syntax, text, error } = ensureThrew(activation);
  ensureEqual(syntax, true, "syntax");
  ensure(text !== "" && error.name !== "", "the error of code that does not parse is empty");
  ensureEqual([activation.output, activation.calls], ["", []], "what code that does not parse did");
  ensureEqual(await repl.json(rig.code.show("a")), 1, "the variable");
}

async function throwsRefusal(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.start(rig.code.write("before"), rig.code.call("echo", 1), rig.code.write("after"));
  const activation = await repl.refuse(0, { name: "ToolError", message: "the tool said no" });
  const { error } = ensureThrew(activation);
  ensureEqual(
    [error.name, error.message],
    ["ToolError", "the tool said no"],
    "name and message of the error",
  );
  ensureEqual(activation.output, "", "the output after the refused call");
}

async function dropsLateEffects(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { code } = rig;
  await repl.ended(code.set("late", 0));
  ensureIdle(await repl.start(code.call("echo", "old"), code.write("late"), code.set("late", 1)));
  const second = await repl.start(code.call("echo", "new"), code.write("end"));
  ensureIdle(second);
  ensureEqual(second.calls, [{ index: 0, name: "echo", args: ["new"] }], "the calls of the second block");
  const third = await repl.answer(0, "answer");
  ensureEnded(third);
  ensureEqual(third.output, '"answer"\nend\n', "the output of the second block");
  ensureEqual(await repl.json(code.show("late")), 0, "what the first block was to set after its call");
}
