import type { Runtime } from "@rlmflow/core";
import type { Answer, Block, Call, Turn } from "@rlmflow/core/driver";

import { type BrokenRuntime, everyAnswer, everySession, everyTurn, NOTHING } from "./changed-runtime.ts";

/** Runtimes whose turns hold other calls, answers or output than there were. */
export const BROKEN_TURNS: readonly BrokenRuntime[] = [
  {
    flaw: "hands out the calls of a turn in reverse",
    make: (good) => everyTurn(good, () => (turn) => ({ ...turn, calls: turn.calls.toReversed() })),
    foundBy: ["calls of one turn come in the order of the code, numbered on over the block"],
  },
  {
    flaw: "numbers the calls of each turn from 0",
    make: (good) => everyTurn(good, () => (turn) => ({ ...turn, calls: numbered(turn.calls, 0) })),
    foundBy: ["calls of one turn come in the order of the code, numbered on over the block"],
  },
  {
    flaw: "numbers calls on over all blocks",
    make: (good) => everyTurn(good, numbersOn),
    foundBy: ["calls of one turn come in the order of the code, numbered on over the block"],
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
    foundBy: ["an answer has its whole effect in the turn that it begins", "answers are taken in any order"],
  },
  {
    flaw: "hands out the second half of a turn with the next",
    make: resolvesEarly,
    foundBy: [
      "a turn comes only when no microtask is left",
      "output is in the turn in which it was written, once",
    ],
  },
  {
    flaw: "loses the output of turns that end no block",
    make: (good) =>
      everyTurn(good, () => (turn) => (turn.state.kind === "idle" ? { ...turn, output: "" } : turn)),
    foundBy: [
      "output is in the turn in which it was written, once",
      "blocks of several REPLs run side by side",
    ],
  },
  {
    flaw: "hands out a block's whole output with each turn",
    make: repeatsOutput,
    foundBy: ["output is in the turn in which it was written, once"],
  },
  {
    flaw: "makes at most a hundred calls at once",
    make: (good) => everyTurn(good, () => (turn) => ({ ...turn, calls: turn.calls.slice(0, 100) })),
    foundBy: ["hundreds of calls at once are all made and answered"],
  },
  {
    flaw: "swaps kept and total",
    make: (good) => everyTurn(good, () => swapCut),
    foundBy: ["output that is cut says how much was kept of how much"],
  },
  {
    flaw: "does not say that it cut",
    make: (good) =>
      everyTurn(
        good,
        () =>
          ({ outputCut: _, ...turn }) =>
            turn,
      ),
    foundBy: ["output that is cut says how much was kept of how much"],
  },
  {
    flaw: "keeps only the head of long output",
    make: (good) => everyTurn(good, () => losesTail),
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
      "output is in the turn in which it was written, once",
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

function numbersOn(): (turn: Turn) => Turn {
  let issued = 0;
  return (turn) => {
    const calls = numbered(turn.calls, issued);
    issued += calls.length;
    return { ...turn, calls };
  };
}

function answersOldest(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let waiting: number[] = [];
    const note = (turn: Turn): Turn => {
      waiting.push(...turn.calls.map(({ index }) => index));
      return turn;
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

function joined(first: Turn, second: Turn): Turn {
  return { ...second, calls: [...first.calls, ...second.calls], output: first.output + second.output };
}

function resolvesEarly(good: Runtime): Runtime {
  return everyTurn(good, () => {
    let rest: Turn = NOTHING;
    return (turn) => {
      const whole = joined(rest, turn);
      const lines = whole.output.split(/(?<=\n)/);
      const half = turn.state.kind === "idle" ? Math.ceil(lines.length / 2) : lines.length;
      rest = { ...NOTHING, output: lines.slice(half).join("") };
      return { ...whole, output: lines.slice(0, half).join("") };
    };
  });
}

function repeatsOutput(good: Runtime): Runtime {
  return everyTurn(good, () => {
    let running = "";
    let written = "";
    return (turn, block) => {
      written = block.id === running ? written + turn.output : turn.output;
      running = block.id;
      return { ...turn, output: written };
    };
  });
}

function swapCut(turn: Turn): Turn {
  if (turn.outputCut === undefined) return turn;
  const { kept, total } = turn.outputCut;
  return { ...turn, outputCut: { kept: total, total: kept } };
}

function waitsForCalls(good: Runtime): Runtime {
  return everyTurn(good, () => {
    let out = 0;
    return (turn) => {
      out += turn.calls.length;
      return turn.state.kind === "ended" && out > 0 ? { ...turn, state: { kind: "idle" } } : turn;
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
        const turn = await session.start({ ...block, code });
        old = turn.state.kind === "idle" ? `${block.code.split("\n").slice(1).join("\n")}\n` : "";
        return turn;
      },
    };
  });
}

function losesTail(turn: Turn): Turn {
  const { length } = turn.output;
  return length < 100_000
    ? turn
    : { ...turn, output: turn.output.slice(0, length - 100).padEnd(length, "x") };
}
