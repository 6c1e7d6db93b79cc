import type { JsonValue, Outcome, Runtime } from "@rlmflow/core";
import type { Activation, Call } from "@rlmflow/core/driver";

import {
  type BrokenRuntime,
  changed,
  everyActivation,
  everyAnswer,
  everyBlock,
  everyBlockAfter,
  everySession,
  NOTHING,
} from "./changed-runtime.ts";

/** Runtimes whose JavaScript is not what the model was told. */
export const BROKEN_LANGUAGES: readonly BrokenRuntime[] = [
  {
    flaw: "keeps the names of a block to that block",
    make: (good) => everyBlock(good, (block) => ({ ...block, code: `{ ${block.code}\n}` })),
    foundBy: [
      "every kind of top-level name lasts and may be declared again",
      "functions see later changes of top-level names",
    ],
  },
  {
    flaw: "lets no name be declared twice",
    make: declaresOnce,
    foundBy: ["every kind of top-level name lasts and may be declared again"],
  },
  {
    flaw: "has no await at the top level",
    make: (good) => refusesUnless(good, (code) => new Function(code)),
    foundBy: ["await works at the top level and in what is awaited"],
  },
  {
    flaw: "says of all that does not parse the same",
    make: (good) => {
      const parses = (code: string) => (good.language.parses(code) === null ? null : "SyntaxError");
      return changed(good, { language: { ...good.language, parses } });
    },
    foundBy: ["code of another language is answered with the right spelling"],
  },
  {
    flaw: "takes plain JavaScript only",
    make: (good) => refusesUnless(good, (code) => new AsyncFunction(code)),
    foundBy: ["types are stripped"],
  },
  {
    flaw: "prints strings in quotes",
    make: (good) =>
      everyBlockAfter(good, "print = ((write) => (...list) => write(...list.map((one) => [one])))(print);"),
    foundBy: ["print and console write, strings as they are"],
  },
  {
    flaw: "has no console",
    make: (good) => everyBlockAfter(good, "console = undefined;"),
    foundBy: ["print and console write, strings as they are"],
  },
  {
    flaw: "lists no variables",
    make: (good) => everyBlockAfter(good, "VARIABLES = () => [];"),
    foundBy: ["VARIABLES() lists what was set"],
  },
  {
    flaw: "leaves out globals and functions",
    make: (good) => changed(good, { open: (spec) => good.open({ ...spec, globals: {}, functions: [] }) }),
    foundBy: ["globals and functions of the spec are there"],
  },
  {
    flaw: "leaves reserved names as a block has set them",
    make: keepsShadows,
    foundBy: ["reserved names are restored in the next block"],
  },
  {
    flaw: "copies values key by key",
    make: (good) =>
      everyActivation(good, () => (activation) => ({ ...activation, calls: activation.calls.map(copyKeys) })),
    foundBy: ["JSON values cross unchanged, both ways"],
  },
  {
    flaw: "drops half surrogate pairs",
    make: (good) =>
      everyActivation(good, () => (activation) => ({
        ...activation,
        output: withoutHalves(activation.output),
      })),
    foundBy: ["half surrogate pairs cross without harm"],
  },
  {
    flaw: "cuts long texts",
    make: (good) =>
      everyArgument(good, (value) => (typeof value === "string" ? value.slice(0, 65_536) : value)),
    foundBy: ["texts of a MiB cross, both ways", "a payload of a MiB is read where needed and never whole"],
  },
  {
    flaw: "flattens what is nested deep",
    make: (good) =>
      everyArgument(good, (value) => (JSON.stringify(value).includes("[[[[") ? null : flat(value))),
    foundBy: ["values nested a hundred deep cross, both ways"],
  },
  {
    flaw: "sends null for what is no JSON",
    make: (good) => everyBlockAfter(good, SENDS_ANYTHING),
    foundBy: ["what is no JSON is a TypeError for the code, and no call"],
  },
  {
    flaw: "forgets the names of errors",
    make: (good) => everyAnswer(good, (answer) => ({ ...answer, outcome: asError(answer.outcome, "") })),
    foundBy: ["a refused call throws an Error with name, message and cause, and nothing of the host"],
  },
  {
    flaw: "gives the host's stack to the code",
    make: (good) =>
      everyAnswer(good, (answer) => ({
        ...answer,
        outcome: asError(answer.outcome, new Error().stack ?? ""),
      })),
    foundBy: ["a refused call throws an Error with name, message and cause, and nothing of the host"],
  },
  {
    flaw: "throws what is no Error",
    make: (good) => everyBlockAfter(good, THROWS_OBJECTS),
    foundBy: ["a refused call throws an Error with name, message and cause, and nothing of the host"],
  },
  {
    flaw: "drops refusals",
    make: (good) =>
      everySession(good, (session) => ({
        deliver: async (answer) => (answer.outcome.ok ? session.deliver(answer) : NOTHING),
      })),
    foundBy: [
      "a refused answer throws in the code",
      "a refused call can be caught, and the block goes on",
      "done rejects when it is refused, and may be called again",
    ],
  },
];

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (code: string) => unknown;

const THROWS_OBJECTS =
  "echo = ((send) => (...list) => send(...list).catch(({ name, message, cause }) => { throw { name, message, cause }; }))(echo);";
const SENDS_ANYTHING =
  'echo = ((send) => (...list) => send(...list.map((one) => (typeof one === "function" ? null : one))))(echo);';

function refusesUnless(good: Runtime, parse: (code: string) => unknown): Runtime {
  return everySession(good, (session) => ({
    async start(block) {
      try {
        parse(block.code);
      } catch (error) {
        return { ...NOTHING, state: syntaxError(String(error)) };
      }
      return session.start(block);
    },
  }));
}

function syntaxError(text: string): Activation["state"] {
  const left = { variables: [], reads: [], unawaited: [] };
  return { kind: "threw", error: { name: "SyntaxError", message: text }, text, syntax: true, ...left };
}

function declaresOnce(good: Runtime): Runtime {
  return everySession(good, (session) => {
    const known = new Set<string>();
    return {
      async start(block) {
        const names = [...block.code.matchAll(/\b(?:const|let|class) (\w+)/g)].map(([, name = ""]) => name);
        const again = names.find((name) => known.has(name));
        if (again !== undefined) return { ...NOTHING, state: syntaxError(`${again} is declared already`) };
        for (const name of names) known.add(name);
        return session.start(block);
      },
    };
  });
}

function keepsShadows(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let shadows = "";
    return {
      start(block) {
        const code = `${shadows}${block.code}`;
        for (const [text] of block.code.matchAll(/\b(?:wait|console|DEPTH|echo) = [^;]+;/g)) shadows += text;
        return session.start({ ...block, code });
      },
    };
  });
}

function everyArgument(good: Runtime, change: (value: JsonValue) => JsonValue): Runtime {
  const one = (call: Call) => ({ ...call, args: call.args.map(change) });
  return everyActivation(good, () => (activation) => ({ ...activation, calls: activation.calls.map(one) }));
}

function copyKeys(call: Call): Call {
  return { ...call, args: call.args.map((value) => copied(value) as JsonValue) };
}

function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) copy[key] = copied(item);
  return copy;
}

function withoutHalves(text: string): string {
  return text.toWellFormed().replaceAll("\ufffd", "");
}

function flat(value: JsonValue): JsonValue {
  return JSON.stringify(value).length > 300 ? String(value) : value;
}

function asError(outcome: Outcome, stack: string): Outcome {
  if (outcome.ok) return outcome;
  const { message, name } = outcome.error;
  return {
    ok: false,
    error: { ...outcome.error, name: stack === "" ? "Error" : name, message: message + stack },
  };
}
