import type { JsonValue, Outcome } from "@rlmflow/core";
import type { Call } from "@rlmflow/core/driver";
import { ensure, ensureEqual } from "../contract/contract.ts";
import { ensureEnded, ensureIdle, ensureThrew, type ReplRig } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import { type RuntimeRig, samplePayload } from "./runtime-rig.ts";

/** `delegate`, `wait`, `done` and `llmQuery` as they cross. */
export const handleChecks: RuntimeChecks = {
  "delegate gives a handle at once, and awaiting it waits for the child": delegates,
  "options of delegate cross as the protocol says": passesOptions,
  "wait takes several handles and gives their results in order": waitsForSeveral,
  "a handle can be awaited in a later block, and twice": keepsHandles,
  "a refused child rejects, and so does one that failed": rejectsChildren,
  "handles work in Promise.all, allSettled and race, without a barrier": combinesHandles,
  "delegate takes a handle for a further query": delegatesAgain,
  "what is no handle can't be waited for": refusesForgery,
  "done rejects when it is refused, and may be called again": callsDoneAgain,
  "llmQuery and llmQueryBatched are a call for each prompt": queries,
};

type Child = string | { readonly failed: string };

/** Answers as a host does whose children end at once with what `children` says of their names. */
function hostWith(repl: ReplRig, children: Readonly<Record<string, Child>>): (call: Call) => Outcome | null {
  const names = new Map<string, string>();
  return ({ name, args, index }) => {
    if (name === "delegate") {
      names.set(`${repl.block}/${index}`, String(args[0]));
      return { ok: true, value: `root.${String(args[0])}` };
    }
    if (name !== "wait") return { ok: true, value: null };
    return { ok: true, value: args.map((ref) => outcomeOf(children, names, ref)) };
  };
}

function outcomeOf(
  children: Readonly<Record<string, Child>>,
  names: ReadonlyMap<string, string>,
  ref: JsonValue,
): JsonValue {
  const { block, index } = ref as { readonly block: string; readonly index: number };
  const name = names.get(`${block}/${index}`) ?? "";
  const child = children[name];
  ensure(child !== undefined, `a wait names ${JSON.stringify(ref)}, which no delegate call made`);
  if (typeof child === "string") return { ok: true, value: child };
  return { ok: false, error: { name: "ChildError", message: child.failed } };
}

async function delegates(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(rig.programs.handles.delegate);
  ensureIdle(first);
  ensureEqual(first.output, "at once\n", "the output before the child was born");
  ensureEqual(first.calls[0], { index: 0, name: "delegate", args: ["scan", "Count.", {}] }, "the first call");
  const second = await repl.answer(0, "root.scan");
  const waits = [...first.calls.slice(1), ...second.calls];
  const ref = { block: repl.block, index: 0 };
  ensureEqual(waits, [{ index: 1, name: "wait", args: [ref] }], "the list of calls after the first");
  const last = await repl.answer(1, [{ ok: true, value: "twelve" }]);
  ensureEqual(last.output, "twelve\n", "the output when the child has ended");
  ensureEnded(last);
  const left = await repl.start(rig.programs.handles.left);
  ensureEnded(left);
  ensureEqual(left.calls.length, 1, "the number of calls of a block that only delegates");
  ensureEqual((await repl.answer(0, "root.left")).calls, [], "the list of calls once its child is born");
}

async function passesOptions(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ contexts: [samplePayload("input", "0123456789")] });
  const played = await repl.start(rig.programs.handles.options);
  const slice = (start: number, end: number) => ({ key: "input", start, end });
  const text = (key: string, value: string) => ({ kind: "text", key, text: value });
  const expected = [
    { contexts: [text("context", "text")], model: "fast", maxIterations: 3, output: { type: "integer" } },
    { contexts: [{ kind: "slice", key: "context", slice: slice(2, 5) }], globals: { n: [1] } },
    {
      contexts: [
        text("one", "text"),
        { kind: "slice", key: "two", slice: slice(0, 1) },
        text("three", "[1,2]"),
      ],
    },
    { contexts: [{ kind: "slice", key: "context", slice: slice(0, 10) }] },
  ];
  ensureEqual(
    played.calls.map(({ args }) => args[2]),
    expected,
    "the options",
  );
}

async function waitsForSeveral(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const host = hostWith(repl, { a: "A", b: "B", c: "C" });
  const played = await repl.play([rig.programs.handles.waitsForSeveral], host);
  ensureEqual(played.output, "C,A,B\n", "the results");
  const refs = [2, 0, 1].map((index) => ({ block: repl.block, index }));
  ensureEqual(played.calls.slice(3), [{ index: 3, name: "wait", args: refs }], "the calls after the three");
}

async function keepsHandles(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const host = hostWith(repl, { a: "A", b: "B" });
  await repl.play([rig.programs.handles.keeps], host);
  const from = repl.block;
  const later = await repl.play([rig.programs.handles.later], host);
  ensureEqual(later.output, "A A\nA,B\n", "the results in a later block");
  ensureEnded(later);
  const refs = later.calls.flatMap(({ args }) => args);
  ensureEqual(refs[0], { block: from, index: 0 }, "the first handle waited for");
  ensure(
    refs.some((ref) => JSON.stringify(ref) === JSON.stringify({ block: from, index: 1 })),
    "b is never waited for",
  );
}

async function rejectsChildren(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.start(rig.programs.handles.refused);
  const activation = await repl.refuse(0, { name: "Refused", message: "too deep" });
  ensureEqual(activation.output, "true Refused too deep\n", "what the code sees of a refusal");
  ensureEnded(activation);
  const host = hostWith(repl, { good: "G", bad: { failed: "out of budget" } });
  const played = await repl.play([rig.programs.handles.failed], host);
  const { error } = ensureThrew(played);
  ensureEqual([error.name, error.message], ["ChildError", "out of budget"], "the error of a failed child");
}

async function combinesHandles(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const host = hostWith(repl, { a: "A", b: { failed: "b failed" }, c: "C" });
  const played = await repl.play([rig.programs.handles.combined], host);
  ensureEqual(played.output, "A,C\nA,b failed\nC\nb failed AA\n", "the results");
  const first = await repl.start(rig.programs.handles.noBarrier);
  const born = [first, await repl.answer(0, "root.x"), await repl.answer(1, "root.y")];
  const waits = born.flatMap(({ calls }) => calls).filter(({ name }) => name === "wait");
  ensureEqual(waits.length, 2, "the number of waits");
  const next = await repl.answer(waits[1]?.index ?? -1, [{ ok: true, value: "Y" }]);
  ensureEqual(
    next.calls.map(({ name, args }) => [name, args[0]]),
    [["llmQuery", "Y"]],
    "the calls when y ends first",
  );
}

async function delegatesAgain(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const host = hostWith(repl, { a: "A" });
  await repl.play([rig.programs.handles.first], host);
  const from = repl.block;
  const activation = await repl.start(rig.programs.handles.again);
  const args = [{ block: from, index: 0 }, "Once more.", {}];
  ensureEqual(activation.calls, [{ index: 0, name: "delegate", args }], "the call of a further query");
}

async function refusesForgery(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { forged, forgedError } = rig.programs.handles;
  const activation = await repl.start(forged(`${repl.spec.agentId}#1`));
  ensureEqual(activation.output, `${forgedError}\n`.repeat(6), "what becomes of forged handles");
  ensureEqual(activation.calls.length, 1, "the number of calls");
}

async function callsDoneAgain(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const first = await repl.start(rig.programs.handles.done);
  ensureEqual(first.calls, [{ index: 0, name: "done", args: [{ total: "many" }] }], "the first call");
  const second = await repl.refuse(0, { name: "SchemaError", message: "total must be a number" });
  ensureEqual(second.output, "SchemaError total must be a number\n", "what the code sees of the refusal");
  ensureEqual(second.calls, [{ index: 1, name: "done", args: [{ total: 3 }] }], "the second call");
  ensureIdle(second);
}

async function queries(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { code, line } = rig.programs.handles.queries;
  const first = await repl.start(code);
  ensureEqual(
    first.calls,
    [{ index: 0, name: "llmQuery", args: ["alone", { model: "fast" }] }],
    "the call alone",
  );
  const second = await repl.answer(0, "one");
  const options = { output: { type: "string" } };
  const expected = ["a", "b", "c"].map((prompt, k) => ({
    index: k + 1,
    name: "llmQuery",
    args: [prompt, options],
  }));
  ensureEqual(second.calls, expected, "the calls of a batch");
  ensureIdle(await repl.answer(3, "C"));
  ensureIdle(await repl.refuse(2, { name: "Error", message: "no answer" }));
  const last = await repl.answer(1, "A");
  ensureEqual(last.output, `${line}\n`, "the answers of the batch");
  ensureEnded(last);
}
