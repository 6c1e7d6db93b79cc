import type { Runtime } from "@rlmflow/core";
import type { Turn } from "@rlmflow/core/driver";

import { type BrokenRuntime, changed, everySession, everyTurn, NOTHING, never } from "./changed-runtime.ts";

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
    make: (good) => everyTurn(isolates(good), () => blamesNobody),
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
          const turn = await session.start(block);
          return turn.state.kind === "lost" ? never() : turn;
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

const ENDED: Turn = {
  ...NOTHING,
  state: { kind: "ended", echo: null, variables: [], reads: [], unawaited: [] },
};

function isolates(good: Runtime): Runtime {
  return changed(good, { isolation: "isolate" });
}

function blamesNobody(turn: Turn): Turn {
  if (turn.state.kind !== "lost") return turn;
  return { ...turn, state: { ...turn.state, blame: "none" } };
}

function losesAll(good: Runtime): Runtime {
  let isLost = false;
  return everyTurn(isolates(good), () => (turn) => {
    if (turn.state.kind === "lost") isLost = true;
    if (!isLost) return turn;
    return { ...NOTHING, state: { kind: "lost", blame: "block", message: "lost" } };
  });
}
