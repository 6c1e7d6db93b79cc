import { expect, test } from "vitest";
import { decodeActivation } from "../../src/wire/decode-activation.ts";
import { DEFAULT_LIMITS } from "../../src/wire/evaluator-spec.ts";

const expected = {
  nextCall: 3,
  names: new Set(["readFile", "done"]),
  contexts: new Map([["doc", 100]]),
};

const row = { name: "a", type: "number", size: null, preview: "1", changed: true };
const ended = {
  kind: "ended",
  echo: "1",
  variables: [row],
  reads: [{ key: "doc", start: 0, end: 100 }],
  unawaited: [0, 3],
};
const threw = {
  kind: "threw",
  error: { name: "E", message: "m", cause: { name: "C", message: "" } },
  text: "E: m",
  syntax: false,
  variables: [],
  reads: [],
  unawaited: [],
};
const activation = {
  calls: [{ index: 3, name: "readFile", args: ["a", { b: [null] }] }],
  output: "text",
  codeMs: 5,
  state: ended,
};

test.each([
  ["an ended one", activation],
  ["an idle one", { ...activation, state: { kind: "idle" } }],
  ["one that threw", { ...activation, state: threw }],
  ["one with cut output", { ...activation, outputCut: { kept: 4, total: 9 } }],
])("%s comes through as it is", (_name, value) => {
  expect(decodeActivation(JSON.stringify(value), expected)).toEqual(value);
});

test("what an activation does not have is left out", () => {
  const extra = { ...activation, forged: 1, state: { ...ended, result: "x" } };
  expect(decodeActivation(JSON.stringify(extra), expected)).toEqual(activation);
});

/** What a broken or hostile sandbox may send, and what is wrong with it. */
const REFUSED: readonly (readonly [unknown, string])[] = [
  ["text", "sent no activation"],
  [{ ...activation, calls: {} }, "sent no list of calls"],
  [
    { ...activation, calls: [{ index: 4, name: "readFile", args: [] }] },
    "numbered a call 4 that should be 3",
  ],
  [
    { ...activation, calls: [activation.calls[0], activation.calls[0]] },
    "numbered a call 3 that should be 4",
  ],
  [
    { ...activation, calls: [{ index: 3, name: "deleteAll", args: [] }] },
    "called a function that it was not given",
  ],
  [{ ...activation, calls: [{ index: 3, name: "done", args: "all" }] }, "sent no list of args"],
  [{ ...activation, output: 5 }, 'sent no text "output"'],
  [{ ...activation, codeMs: -1 }, 'sent no number "codeMs"'],
  [{ ...activation, codeMs: 1e300 }, 'sent no number "codeMs"'],
  [{ ...activation, outputCut: { kept: "all" } }, 'sent no number "kept"'],
  [{ ...activation, outputCut: { kept: 1, total: 1.5 } }, 'sent no whole number "total"'],
  [
    { ...activation, calls: [{ index: "x".repeat(5_000), name: "readFile", args: [] }] },
    "numbered a call that should be 3",
  ],
  [
    { ...activation, state: { kind: "lost", blame: "none", message: "" } },
    "sent an activation in an unknown state",
  ],
  [{ ...activation, state: { ...ended, echo: 5 } }, 'sent no text "echo"'],
  [
    { ...activation, state: { ...ended, variables: [{ ...row, preview: "x".repeat(81) }] } },
    'sent more than 80 characters as "preview"',
  ],
  [
    { ...activation, state: { ...ended, variables: [{ ...row, changed: "yes" }] } },
    'sent a variable without "changed"',
  ],
  [
    { ...activation, state: { ...ended, reads: [{ key: "doc", start: 0, end: 101 }] } },
    "says that it read what it was not given",
  ],
  [
    { ...activation, state: { ...ended, reads: [{ key: "doc", start: 0.5, end: 1 }] } },
    'sent no whole number "start"',
  ],
  [{ ...activation, state: { ...ended, variables: [{ ...row, size: 0.5 }] } }, 'sent no whole number "size"'],
  [
    { ...activation, state: { ...ended, variables: Array.from({ length: 10_001 }, () => row) } },
    "sent more than 10,000 variables",
  ],
  [
    { ...activation, state: { ...ended, reads: [{ key: "other", start: 0, end: 1 }] } },
    "says that it read what it was not given",
  ],
  [{ ...activation, state: { ...ended, unawaited: [4] } }, "names a call that it has not made"],
  [{ ...activation, state: { ...threw, error: { name: "E" } } }, 'sent no text "message"'],
  [{ ...activation, state: { ...threw, syntax: 1 } }, 'sent an activation without "syntax"'],
];

test.each(REFUSED)("%j is refused", (value, message) => {
  expect(() => decodeActivation(JSON.stringify(value), expected)).toThrow(`The sandbox ${message}.`);
});

test("arguments and causes that go on for ever are refused", () => {
  const args = JSON.stringify(activation).replace('"a"', "[".repeat(5_000) + "]".repeat(5_000));
  expect(() => decodeActivation(args, expected)).toThrow("sent arguments that are nested too deep");
  let error: unknown = { name: "E", message: "m" };
  for (let i = 0; i < 50; i += 1) error = { name: "E", message: "m", cause: error };
  const causes = JSON.stringify({ ...activation, state: { ...threw, error } });
  expect(() => decodeActivation(causes, expected)).toThrow("sent an error with too many causes");
  expect(() => decodeActivation("{", expected)).toThrow("sent an activation that is not JSON");
});

const call = (index: number, name = "readFile") => ({ index, name, args: [] });
const callsFrom = (first: number, count: number, name?: string) =>
  Array.from({ length: count }, (_, place) => call(first + place, name));
const idle = { ...activation, calls: [], output: "", state: { kind: "idle" } };

test.each([
  [
    { ...idle, calls: callsFrom(3, 9_998) },
    { name: "callsPerBlock", value: 10_000, unit: "calls" },
    "The sandbox sent more than 10,000 calls in one block.",
  ],
  [
    { ...idle, calls: callsFrom(3, 256) },
    { name: "outstandingCalls", value: 256, unit: "calls" },
    "The sandbox has more than 256 calls waiting for answers in one block.",
  ],
  [
    { ...idle, output: "x".repeat(2_000_000) },
    { name: "outputKept", value: 1_000_000, unit: "characters" },
    "The sandbox sent more than 1,000,000 characters of output in one block.",
  ],
])(
  "what passes a limit that the REPL should have held is refused by its name: %#",
  (value, limit, message) => {
    const before = { ...expected, outstanding: 1, outputBefore: 2_000 };
    const refuse = () => decodeActivation(JSON.stringify(value), before);
    expect(refuse).toThrow(expect.objectContaining({ message, details: { limit } }));
  },
);

test("limits are those of the REPL, and waits are not outstanding", () => {
  const names = new Set(["readFile", "wait"]);
  const limits = { ...DEFAULT_LIMITS, callsPerBlock: 400, outstandingCalls: 2, errorText: 10 };
  const given = { ...expected, names, limits };
  const many = { ...idle, calls: [...callsFrom(3, 395, "wait"), ...callsFrom(398, 2)] };
  expect(decodeActivation(JSON.stringify(many), given).calls).toHaveLength(397);
  const one = { ...idle, calls: [...many.calls, call(400, "wait")] };
  expect(() => decodeActivation(JSON.stringify(one), given)).toThrow("sent more than 400 calls");
  const long = { ...threw, error: { name: "E", message: "m".repeat(9_000) }, text: "t".repeat(9_000) };
  const { state } = decodeActivation(JSON.stringify({ ...idle, state: long }), given);
  expect(state).toMatchObject({ error: { message: `${"m".repeat(1_020)}…` }, text: `${"t".repeat(1_020)}…` });
});
