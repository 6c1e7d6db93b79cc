import type { Runtime } from "@rlmflow/core";
import type { Activation, ContextRead, ReplSession, ReplSpec } from "@rlmflow/core/driver";

import { type BrokenRuntime, everyActivation, everyEnd, everySession } from "./changed-runtime.ts";

/** Runtimes that say something else of a block than how it stands, or forget what it left. */
export const BROKEN_STATES: readonly BrokenRuntime[] = [
  {
    flaw: "has a fresh REPL for every block",
    make: startsAfresh,
    foundBy: ["variables last from block to block", "a handle can be awaited in a later block, and twice"],
  },
  {
    flaw: "says of a block that threw that it ended",
    make: (good) => everyActivation(good, () => threwAsEnded),
    foundBy: [
      "a block that throws says so, and keeps what it set before",
      "a refused answer throws in the code",
    ],
  },
  {
    flaw: "forgets that a block threw when an answer comes",
    make: (good) =>
      everySession(good, (session) => ({
        deliver: async (answer) => threwAsEnded(await session.deliver(answer)),
      })),
    foundBy: [
      "a block that throws has thrown while its calls are still out",
      "a refused answer throws in the code",
    ],
  },
  {
    flaw: "takes a rejection that nobody handles for the block's own",
    make: (good) => everyActivation(good, () => straysThrow),
    foundBy: ["a rejection that nobody handles ends nothing"],
  },
  {
    flaw: "undoes what a block that threw had set",
    make: undoesThrown,
    foundBy: [
      "a block that throws says so, and keeps what it set before",
      "what was set before a throw stays, also after an await",
    ],
  },
  {
    flaw: "takes code that does not parse for code that threw",
    make: (good) => everyActivation(good, () => syntaxAsThrow),
    foundBy: ["a block that does not parse runs nothing and is told apart"],
  },
  {
    flaw: "ends a REPL that waits for nothing",
    make: endsDeadlock,
    foundBy: ["a block that waits for nothing is idle, and the next block works"],
  },
  {
    flaw: "shows no value",
    make: (good) => everyEnd(good, { echo: null }),
    foundBy: ["the value of a last expression is shown, and nothing else"],
  },
  {
    flaw: "shows undefined where there is no value",
    make: (good) => everyActivation(good, () => showsUndefined),
    foundBy: ["the value of a last expression is shown, and nothing else"],
  },
  {
    flaw: "summarizes no variables",
    make: (good) => everyEnd(good, { variables: [] }),
    foundBy: ["variables are summarized, changed ones marked", "variables last from block to block"],
  },
  {
    flaw: "says of every variable that it has changed",
    make: (good) => everyActivation(good, () => changesAll),
    foundBy: ["variables are summarized, changed ones marked", "variables last from block to block"],
  },
  {
    flaw: "names no calls that nobody awaited",
    make: (good) => everyEnd(good, { unawaited: [] }),
    foundBy: [
      "calls that nobody awaited are named",
      "a block that ends has ended while its calls are still out",
    ],
  },
  {
    flaw: "records no reads",
    make: (good) => everyEnd(good, { reads: [] }),
    foundBy: ["what a block read of its payloads is on record"],
  },
  {
    flaw: "records reads of earlier blocks with those of the last",
    make: (good) => everyActivation(good, addsReads),
    foundBy: ["what a block read of its payloads is on record"],
  },
  {
    flaw: "hides what caused an error",
    make: (good) => everyActivation(good, () => hidesCause),
    foundBy: ["an error shows its name, its cause and the model's own line"],
  },
  {
    flaw: "shows the host's stack with an error",
    make: (good) => everyActivation(good, () => showsHostStack),
    foundBy: ["an error shows its name, its cause and the model's own line"],
  },
];

function startsAfresh(good: Runtime): Runtime {
  return everySession(good, (first, spec) => withSessions(good, first, spec, () => true));
}

function undoesThrown(good: Runtime): Runtime {
  return everySession(good, (first, spec) => {
    return withSessions(good, first, spec, (last) => last?.state.kind === "threw");
  });
}

/** A session that goes over to a fresh REPL before some of its blocks. */
function withSessions(
  good: Runtime,
  first: ReplSession,
  spec: ReplSpec,
  isOver: (last: Activation | null) => boolean,
): Partial<ReplSession> {
  let session = first;
  let last: Activation | null = null;
  return {
    async start(block) {
      if (isOver(last)) session = await good.open(spec);
      last = await session.start(block);
      return last;
    },
    async deliver(answer) {
      last = await session.deliver(answer);
      return last;
    },
    dispose: () => session.dispose(),
  };
}

function threwAsEnded(activation: Activation): Activation {
  if (activation.state.kind !== "threw") return activation;
  const { error: _, syntax: __, text, ...left } = activation.state;
  return { ...activation, state: { ...left, kind: "ended", echo: text } };
}

function straysThrow(activation: Activation): Activation {
  if (activation.state.kind !== "ended" || !activation.output.includes("Warning: a promise was rejected"))
    return activation;
  const { echo: _, ...left } = activation.state;
  const error = { name: "Error", message: "stray" };
  return { ...activation, state: { ...left, kind: "threw", error, text: "Error: stray", syntax: false } };
}

function syntaxAsThrow(activation: Activation): Activation {
  return activation.state.kind === "threw"
    ? { ...activation, state: { ...activation.state, syntax: false } }
    : activation;
}

function endsDeadlock(good: Runtime): Runtime {
  return everyActivation(good, () => {
    let out = 0;
    return (activation) => {
      out += activation.calls.length;
      if (activation.state.kind !== "idle" || out > 0) return activation;
      return { ...activation, state: { kind: "lost", blame: "block", message: "deadlock" } };
    };
  });
}

function showsUndefined(activation: Activation): Activation {
  const { state } = activation;
  return state.kind === "ended"
    ? { ...activation, state: { ...state, echo: state.echo ?? "undefined" } }
    : activation;
}

function changesAll(activation: Activation): Activation {
  const { state } = activation;
  if (state.kind !== "ended") return activation;
  return {
    ...activation,
    state: { ...state, variables: state.variables.map((row) => ({ ...row, changed: true })) },
  };
}

function addsReads(): (activation: Activation) => Activation {
  let all: readonly ContextRead[] = [];
  return (activation) => {
    const { state } = activation;
    if (state.kind !== "ended" && state.kind !== "threw") return activation;
    all = [...all, ...state.reads];
    return { ...activation, state: { ...state, reads: all } };
  };
}

function hidesCause(activation: Activation): Activation {
  const { state } = activation;
  if (state.kind !== "threw") return activation;
  const { name, message } = state.error;
  return { ...activation, state: { ...state, error: { name, message } } };
}

function showsHostStack(activation: Activation): Activation {
  const { state } = activation;
  if (state.kind !== "threw") return activation;
  return { ...activation, state: { ...state, text: `${state.text}\n${new Error("host").stack}` } };
}
