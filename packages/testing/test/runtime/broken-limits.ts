import type { Runtime } from "@rlmflow/core";
import type { Activation } from "@rlmflow/core/driver";

import {
  type BrokenRuntime,
  changed,
  everyActivation,
  everySession,
  NOTHING,
  never,
} from "./changed-runtime.ts";

/** Runtimes that say they isolate, and do not end what has no end. */
export const BROKEN_LIMITS: readonly BrokenRuntime[] = [
  {
    flaw: "says of every block that it has ended",
    make: (good) => everySession(isolates(good), () => ({ start: async () => ENDED })),
    foundBy: [
      "a loop without end is lost and blamed",
      "microtasks without end are lost and blamed",
      "a loop without end after an answer is lost and blamed",
      "code that fills the memory is lost and blamed, or throws",
      "a recursion without end throws or is lost",
      "REPLs of other runs go on beside one that is lost",
    ],
  },
  {
    flaw: "blames nobody",
    make: (good) => everyActivation(isolates(good), () => blamesNobody),
    foundBy: [
      "a loop without end is lost and blamed",
      "a loop without end after an answer is lost and blamed",
    ],
  },
  {
    flaw: "hangs where a block is lost",
    make: (good) =>
      everySession(isolates(good), (session) => ({
        start: async (block) => {
          const activation = await session.start(block);
          return activation.state.kind === "lost" ? never() : activation;
        },
      })),
    foundBy: ["a loop without end is lost and blamed", "microtasks without end are lost and blamed"],
  },
  {
    flaw: "loses all REPLs with one",
    make: losesAll,
    foundBy: ["REPLs of other runs go on beside one that is lost"],
  },
];

const ENDED: Activation = {
  ...NOTHING,
  state: { kind: "ended", echo: null, variables: [], reads: [], unawaited: [] },
};

function isolates(good: Runtime): Runtime {
  return changed(good, { isolation: "isolate" });
}

function blamesNobody(activation: Activation): Activation {
  if (activation.state.kind !== "lost") return activation;
  return { ...activation, state: { ...activation.state, blame: "none" } };
}

function losesAll(good: Runtime): Runtime {
  let isLost = false;
  return everyActivation(isolates(good), () => (activation) => {
    if (activation.state.kind === "lost") isLost = true;
    if (!isLost) return activation;
    return { ...NOTHING, state: { kind: "lost", blame: "block", message: "lost" } };
  });
}
