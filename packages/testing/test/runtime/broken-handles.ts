import type { JsonValue, Outcome, Runtime } from "@rlmflow/core";
import type { Activation, Call } from "@rlmflow/core/driver";

import {
  type BrokenRuntime,
  everyActivation,
  everyAnswer,
  everyBlockAfter,
  everySession,
  NOTHING,
} from "./changed-runtime.ts";

/** Runtimes that get children, or prompts of a batch, wrong. */
export const BROKEN_HANDLES: readonly BrokenRuntime[] = [
  {
    flaw: "waits for a child as soon as it is delegated",
    make: (good) =>
      everyBlockAfter(
        good,
        "delegate = ((d) => (...list) => { const h = d(...list); h.then(() => {}, () => {}); return h; })(delegate);",
      ),
    foundBy: ["delegate gives a handle at once, and awaiting it waits for the child"],
  },
  {
    flaw: "drops the options of delegate",
    make: (good) => everyCall(good, "delegate", (call) => ({ ...call, args: call.args.with(2, {}) })),
    foundBy: ["options of delegate cross as the protocol says"],
  },
  {
    flaw: "waits for handles in the order in which they were made",
    make: (good) => everyCall(good, "wait", (call) => ({ ...call, args: call.args.toSorted(byIndex) })),
    foundBy: ["wait takes several handles and gives their results in order"],
  },
  {
    flaw: "takes every handle for one of the running block",
    make: ownsEveryHandle,
    foundBy: [
      "a handle can be awaited in a later block, and twice",
      "delegate takes a handle for a further query",
    ],
  },
  {
    flaw: "gives null for a child that failed",
    make: (good) => everyAnswer(good, (answer) => ({ ...answer, outcome: withoutFailures(answer.outcome) })),
    foundBy: [
      "a refused child rejects, and so does one that failed",
      "handles work in Promise.all, allSettled and race, without a barrier",
    ],
  },
  {
    flaw: "goes on only when all children have ended",
    make: hasBarrier,
    foundBy: ["handles work in Promise.all, allSettled and race, without a barrier"],
  },
  {
    flaw: "takes anything for a handle",
    make: (good) => everyBlockAfter(good, "wait = (...list) => Promise.all(list);"),
    foundBy: ["what is no handle can't be waited for"],
  },
  {
    flaw: "gives null for a failed prompt of a batch",
    make: (good) =>
      everyBlockAfter(
        good,
        "llmQueryBatched = (list, options) => Promise.all(list.map((one) => llmQuery(one, options).catch(() => null)));",
      ),
    foundBy: ["llmQuery and llmQueryBatched are a call for each prompt"],
  },
  {
    flaw: "loses a batch with one of its prompts",
    make: (good) =>
      everyBlockAfter(
        good,
        "llmQueryBatched = (list, options) => Promise.all(list.map((one) => llmQuery(one, options)));",
      ),
    foundBy: ["llmQuery and llmQueryBatched are a call for each prompt"],
  },
];

function everyCall(good: Runtime, name: string, change: (call: Call) => Call): Runtime {
  const one = (call: Call) => (call.name === name ? change(call) : call);
  return everyActivation(good, () => (activation) => ({ ...activation, calls: activation.calls.map(one) }));
}

function byIndex(a: JsonValue, b: JsonValue): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function ownsEveryHandle(good: Runtime): Runtime {
  return everyActivation(good, () => (activation, { id }) => {
    const own = (value: JsonValue) =>
      typeof value === "object" && value !== null && "block" in value ? { ...value, block: id } : value;
    return { ...activation, calls: activation.calls.map((call) => ({ ...call, args: call.args.map(own) })) };
  });
}

function withoutFailures(outcome: Outcome): Outcome {
  if (!outcome.ok || !Array.isArray(outcome.value)) return outcome;
  const value = outcome.value.map((one: JsonValue) =>
    typeof one === "object" && one !== null && "ok" in one && one.ok === false
      ? { ok: true, value: null }
      : one,
  );
  return { ok: true, value };
}

function hasBarrier(good: Runtime): Runtime {
  return everySession(good, (session) => {
    const waits = new Set<number>();
    const note = (activation: Activation): Activation => {
      for (const { name, index } of activation.calls) if (name === "wait") waits.add(index);
      return activation;
    };
    return {
      start: async (block) => note(await session.start(block)),
      async deliver(answer) {
        const held = waits.delete(answer.index) && waits.size > 0;
        return held ? NOTHING : note(await session.deliver(answer));
      },
    };
  });
}
