import { randomUUID } from "node:crypto";

import type { JsonObject, Runtime } from "@rlmflow/core";
import type { Answer, ContextPayload, ReplSpec } from "@rlmflow/core/driver";

import {
  type BrokenRuntime,
  everyAnswer,
  everyBlock,
  everyBlockAfter,
  everySession,
  everySpec,
  NOTHING,
} from "./changed-runtime.ts";

/** Runtimes whose payloads, clock, chance, place or limits are not what they should be. */
export const BROKEN_REPLAYS: readonly BrokenRuntime[] = [
  {
    flaw: "reads a character too far",
    make: (good) => everyPayload(good, shifted),
    foundBy: [
      "CONTEXT says what it holds and reads ranges of it",
      "CONTEXT finds lines by text and by expression",
      "CONTEXT gives chunks and slices that read themselves",
      "CONTEXT counts lines and reads them",
    ],
  },
  {
    flaw: "cuts through surrogate pairs",
    make: (good) => everyBlockAfter(good, CUTS_UNITS),
    foundBy: ["CONTEXT never splits a surrogate pair"],
  },
  {
    flaw: "splits lines by line feeds alone",
    make: (good) => everyBlockAfter(good, SPLITS_LINES),
    foundBy: ["CONTEXT counts lines and reads them"],
  },
  {
    flaw: "looks for expressions as if they were texts",
    make: (good) => everyBlockAfter(good, FINDS_TEXTS),
    foundBy: ["CONTEXT finds lines by text and by expression"],
  },
  {
    flaw: "reads payloads whole when it opens",
    make: (good) => everyPayload(good, readWhole),
    foundBy: ["a payload of a MiB is read where needed and never whole"],
  },
  {
    flaw: "keeps the beginning of a payload only",
    make: (good) => everyPayload(good, keepsBeginning),
    foundBy: ["a payload of a MiB is read where needed and never whole"],
  },
  {
    flaw: "keeps what it read by the key of the payload",
    make: keepsByKey,
    foundBy: ["payloads of several agents are told apart, whatever their keys"],
  },
  {
    flaw: "gives the code the words of a store that fails",
    make: (good) => everyPayload(good, readsFailure),
    foundBy: ["a payload that can't be read is an error of the code's, without the host's words"],
  },
  {
    flaw: "knows only the first payload",
    make: (good) => everySpec(good, (spec) => ({ ...spec, contexts: spec.contexts.slice(0, 1) })),
    foundBy: ["several payloads are told apart by key"],
  },
  {
    flaw: "gives an empty payload to an agent without any",
    make: (good) => everySpec(good, withEmptyPayload),
    foundBy: ["an agent without payloads is told so"],
  },
  {
    flaw: "has the real clock",
    make: (good) =>
      everyAnswer(
        everyBlock(good, (block) => ({ ...block, now: Date.now() })),
        (answer) => ({ ...answer, now: Date.now() }),
      ),
    foundBy: ["the clock stands still, and moves to the time of each answer"],
  },
  {
    flaw: "leaves the clock where a block began",
    make: leavesClock,
    foundBy: ["the clock stands still, and moves to the time of each answer"],
  },
  {
    flaw: "draws chance without a seed",
    make: (good) => everySpec(good, (spec) => ({ ...spec, seed: randomUUID() })),
    foundBy: [
      "chance is the same for the same seed and block, and another for another",
      "equal specs, blocks and answers give equal activations",
      "the order of answers is what counts, not their time of day",
    ],
  },
  {
    flaw: "draws the same chance in every block",
    make: (good) => everyBlock(good, (block) => ({ ...block, id: "block" })),
    foundBy: ["chance is the same for the same seed and block, and another for another"],
  },
  {
    flaw: "tells REPLs apart by a global",
    make: (good) => {
      let opened = 0;
      return everySpec(good, (spec) => {
        opened += 1;
        return { ...spec, globals: { ...spec.globals, [`repl_${opened}`]: opened } };
      });
    },
    foundBy: [
      "the list of globals is the same in every REPL",
      "equal specs, blocks and answers give equal activations",
    ],
  },
  {
    flaw: "gives the host's globals to the code",
    make: (good) => everySpec(good, (spec) => ({ ...spec, globals: { ...spec.globals, ...hostGlobals() } })),
    foundBy: ["the list of globals is the same in every REPL"],
  },
  {
    flaw: "rebuilds a REPL that is alone with another seed",
    make: (good) => everySpec(good, (spec) => (spec.alone ? { ...spec, seed: "alone" } : spec)),
    foundBy: ["equal specs, blocks and answers give equal activations"],
  },
  {
    flaw: "has a seed of its own",
    make: (good) => {
      const own = randomUUID();
      return everySpec(good, (spec) => ({ ...spec, seed: `${spec.seed}${own}` }));
    },
    foundBy: ["another runtime gives the same activations"],
  },
  {
    flaw: "gives answers to the code in the order of its calls",
    make: answersInOrder,
    foundBy: ["the order of answers is what counts, not their time of day"],
  },
  {
    flaw: "has the host's time zone",
    make: (good) =>
      everyBlock(good, (block) => {
        const offset = new Date(block.now).getTimezoneOffset();
        return { ...block, code: `Date.prototype.getTimezoneOffset = () => ${offset}; ${block.code}` };
      }),
    foundBy: ["time zone and locale are not those of the host"],
  },
];

const CUTS_UNITS =
  "CONTEXT = ((context) => { const text = context.read(); return { ...context, read: (a, b) => text.slice(a, b) }; })(CONTEXT);";
const SPLITS_LINES =
  "CONTEXT = ((context) => ({ ...context, lines: (a, b) => context.read().split('\\n').slice(a, b) }))(CONTEXT);";
const FINDS_TEXTS =
  "CONTEXT = ((context) => ({ ...context, grep: (pattern, max) => context.grep(String(pattern), max) }))(CONTEXT);";

function hostGlobals(): JsonObject {
  return Object.fromEntries(Object.keys(globalThis).map((name) => [`host_${name}`, name]));
}

function everyPayload(good: Runtime, change: (payload: ContextPayload) => ContextPayload): Runtime {
  return everySpec(good, (spec) => ({ ...spec, contexts: spec.contexts.map(change) }));
}

function shifted(payload: ContextPayload): ContextPayload {
  const read = (start: number, end: number) =>
    payload
      .read(Math.min(start + 1, payload.characters), Math.min(end + 1, payload.characters))
      .padEnd(end - start);
  return { ...payload, read };
}

function readWhole(payload: ContextPayload): ContextPayload {
  const whole = payload.read(0, payload.characters);
  return { ...payload, read: (start, end) => whole.slice(start, end) };
}

function readsFailure(payload: ContextPayload): ContextPayload {
  const read = (start: number, end: number): string => {
    try {
      return payload.read(start, end);
    } catch (error) {
      return String(error)
        .padEnd(end - start)
        .slice(0, end - start);
    }
  };
  return { ...payload, read };
}

function keepsBeginning(payload: ContextPayload): ContextPayload {
  const read = (start: number, end: number) => payload.read(start, Math.min(end, 65_536)).padEnd(end - start);
  return { ...payload, read: (start, end) => (start > 65_536 ? " ".repeat(end - start) : read(start, end)) };
}

function keepsByKey(good: Runtime): Runtime {
  const kept = new Map<string, string>();
  return everyPayload(good, (payload) => {
    const read = (start: number, end: number): string => {
      const place = `${payload.key} ${start} ${end}`;
      const text = kept.get(place) ?? payload.read(start, end);
      kept.set(place, text);
      return text;
    };
    return { ...payload, read };
  });
}

function withEmptyPayload(spec: ReplSpec): ReplSpec {
  if (spec.contexts.length > 0) return spec;
  return { ...spec, contexts: [{ key: "input", characters: 0, digest: "empty", read: () => "" }] };
}

function leavesClock(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let now = 0;
    return {
      start: (block) => {
        now = block.now;
        return session.start(block);
      },
      deliver: (answer) => session.deliver({ ...answer, now }),
    };
  });
}

function answersInOrder(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let next = 0;
    const held = new Map<number, Answer>();
    return {
      start: (block) => {
        next = 0;
        return session.start(block);
      },
      async deliver(answer) {
        held.set(answer.index, answer);
        let whole = NOTHING;
        for (let ready = held.get(next); ready !== undefined; ready = held.get(next)) {
          next += 1;
          const activation = await session.deliver(ready);
          whole = {
            ...activation,
            calls: [...whole.calls, ...activation.calls],
            output: whole.output + activation.output,
          };
        }
        return whole;
      },
    };
  });
}
