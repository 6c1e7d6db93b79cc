import type { Runtime } from "@rlmflow/core";
import type { Activation, Answer, Block, Call } from "@rlmflow/core/driver";

import {
  type BrokenRuntime,
  everyActivation,
  everyAnswer,
  everySession,
  NOTHING,
} from "./changed-runtime.ts";

/** Runtimes whose activations hold other calls, answers or output than there were. */
export const BROKEN_ACTIVATIONS: readonly BrokenRuntime[] = [
  {
    flaw: "hands out the calls of an activation in reverse",
    make: (good) =>
      everyActivation(good, () => (activation) => ({ ...activation, calls: activation.calls.toReversed() })),
    foundBy: ["calls of one activation come in the order of the code, numbered on over the block"],
  },
  {
    flaw: "numbers the calls of each activation from 0",
    make: (good) =>
      everyActivation(good, () => (activation) => ({ ...activation, calls: numbered(activation.calls, 0) })),
    foundBy: ["calls of one activation come in the order of the code, numbered on over the block"],
  },
  {
    flaw: "numbers calls on over all blocks",
    make: (good) => everyActivation(good, numbersOn),
    foundBy: ["calls of one activation come in the order of the code, numbered on over the block"],
  },
  {
    flaw: "gives an answer to the call that waits longest",
    make: answersOldest,
    foundBy: ["answers are taken in any order"],
  },
  {
    flaw: "gives every call null",
    make: (good) => everyAnswer(good, (answer) => ({ ...answer, outcome: { ok: true, value: null } })),
    foundBy: ["a call waits for its answer and gets it", "a refused answer throws in the code"],
  },
  {
    flaw: "delivers two answers at once",
    make: deliversInPairs,
    foundBy: [
      "an answer has its whole effect in the activation that it begins",
      "answers are taken in any order",
    ],
  },
  {
    flaw: "hands out the second half of an activation with the next",
    make: resolvesEarly,
    foundBy: [
      "an activation comes only when no microtask is left",
      "output is in the activation in which it was written, once",
    ],
  },
  {
    flaw: "loses the output of activations that end no block",
    make: (good) =>
      everyActivation(
        good,
        () => (activation) => (activation.state.kind === "idle" ? { ...activation, output: "" } : activation),
      ),
    foundBy: [
      "output is in the activation in which it was written, once",
      "blocks of several REPLs run side by side",
    ],
  },
  {
    flaw: "hands out a block's whole output with each activation",
    make: repeatsOutput,
    foundBy: ["output is in the activation in which it was written, once"],
  },
  {
    flaw: "makes at most a hundred calls at once",
    make: (good) =>
      everyActivation(good, () => (activation) => ({ ...activation, calls: activation.calls.slice(0, 100) })),
    foundBy: ["hundreds of calls at once are all made and answered"],
  },
  {
    flaw: "swaps kept and total",
    make: (good) => everyActivation(good, () => swapCut),
    foundBy: ["output that is cut says how much was kept of how much"],
  },
  {
    flaw: "does not say that it cut",
    make: (good) =>
      everyActivation(
        good,
        () =>
          ({ outputCut: _, ...activation }) =>
            activation,
      ),
    foundBy: ["output that is cut says how much was kept of how much"],
  },
  {
    flaw: "keeps only the head of long output",
    make: (good) => everyActivation(good, () => losesTail),
    foundBy: ["output that is cut says how much was kept of how much"],
  },
  {
    flaw: "keeps a block waiting until all its calls are answered",
    make: waitsForCalls,
    foundBy: ["a block that ends has ended while its calls are still out"],
  },
  {
    flaw: "runs a block again with all those before it",
    make: runsAllAgain,
    foundBy: [
      "output is in the activation in which it was written, once",
      "functions see later changes of top-level names",
    ],
  },
  {
    flaw: "lets an old block go on in a new one",
    make: goesOnWithOld,
    foundBy: ["what a block left open does nothing in a later one"],
  },
];

function numbered(calls: readonly Call[], from: number): readonly Call[] {
  return calls.map((call, place) => ({ ...call, index: from + place }));
}

function numbersOn(): (activation: Activation) => Activation {
  let issued = 0;
  return (activation) => {
    const calls = numbered(activation.calls, issued);
    issued += calls.length;
    return { ...activation, calls };
  };
}

function answersOldest(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let waiting: number[] = [];
    const note = (activation: Activation): Activation => {
      waiting.push(...activation.calls.map(({ index }) => index));
      return activation;
    };
    return {
      start: async (block) => {
        waiting = [];
        return note(await session.start(block));
      },
      deliver: async (answer) =>
        note(await session.deliver({ ...answer, index: waiting.shift() ?? answer.index })),
    };
  });
}

function deliversInPairs(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let held: Answer | null = null;
    return {
      async deliver(answer) {
        const first = held;
        held = first === null ? answer : null;
        if (first === null) return NOTHING;
        return joined(await session.deliver(first), await session.deliver(answer));
      },
    };
  });
}

function joined(first: Activation, second: Activation): Activation {
  return { ...second, calls: [...first.calls, ...second.calls], output: first.output + second.output };
}

function resolvesEarly(good: Runtime): Runtime {
  return everyActivation(good, () => {
    let rest: Activation = NOTHING;
    return (activation) => {
      const whole = joined(rest, activation);
      const lines = whole.output.split(/(?<=\n)/);
      const half = activation.state.kind === "idle" ? Math.ceil(lines.length / 2) : lines.length;
      rest = { ...NOTHING, output: lines.slice(half).join("") };
      return { ...whole, output: lines.slice(0, half).join("") };
    };
  });
}

function repeatsOutput(good: Runtime): Runtime {
  return everyActivation(good, () => {
    let running = "";
    let written = "";
    return (activation, block) => {
      written = block.id === running ? written + activation.output : activation.output;
      running = block.id;
      return { ...activation, output: written };
    };
  });
}

function swapCut(activation: Activation): Activation {
  if (activation.outputCut === undefined) return activation;
  const { kept, total } = activation.outputCut;
  return { ...activation, outputCut: { kept: total, total: kept } };
}

function waitsForCalls(good: Runtime): Runtime {
  return everyActivation(good, () => {
    let out = 0;
    return (activation) => {
      out += activation.calls.length;
      return activation.state.kind === "ended" && out > 0
        ? { ...activation, state: { kind: "idle" } }
        : activation;
    };
  });
}

function runsAllAgain(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let all = "";
    return {
      start: (block: Block) => {
        all += `${block.code}\n`;
        return session.start({ ...block, code: all });
      },
    };
  });
}

function goesOnWithOld(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let old = "";
    return {
      async start(block) {
        const code = `${old}${block.code}`;
        const activation = await session.start({ ...block, code });
        old = activation.state.kind === "idle" ? `${block.code.split("\n").slice(1).join("\n")}\n` : "";
        return activation;
      },
    };
  });
}

function losesTail(activation: Activation): Activation {
  const { length } = activation.output;
  return length < 100_000
    ? activation
    : { ...activation, output: activation.output.slice(0, length - 100).padEnd(length, "x") };
}
