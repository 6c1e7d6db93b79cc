import { RLMError } from "@rlmflow/core";
import { array, optional } from "valibot";
import { expect, test } from "vitest";
import {
  channelTimes,
  checkOptions,
  languageOption,
  limitsOption,
  namedValues,
  optionRecord,
  timeProblems,
  wholeNumber,
  word,
} from "../../src/driver.ts";
import { type ChannelRuntimeOptions, channelRuntime, javascriptLanguage } from "../../src/index.ts";

const port = wholeNumber({ least: 1, most: 65_535 });
const schema = optionRecord(
  {
    name: word("a name"),
    ports: optional(array(port, "a list of ports"), []),
    places: optional(namedValues(word("a place"), port, "a record of ports")),
    limits: limitsOption,
  },
  "a record of options",
);

function problemsOf(options: unknown): unknown {
  try {
    checkOptions("example", schema, options);
  } catch (error) {
    if (RLMError.is(error, "invalid_options")) return error.details.problems;
  }
  return null;
}

test("options that are right come with their defaults, and without what is undefined", () => {
  const options = checkOptions("example", schema, { name: "a", ports: undefined, places: undefined });
  expect(options).toEqual({ name: "a", ports: [], limits: {} });
  expect(Object.hasOwn(options, "places")).toBe(false);
});

test("everything wrong is named at once", () => {
  expect(
    problemsOf({ ports: [80, "443", 0.5], places: { "": 1 }, limits: { variables: 0 }, extra: 1 }),
  ).toEqual([
    "name is missing",
    'ports[1] must be a whole number from 1 to 65535, not "443"',
    "ports[2] must be a whole number from 1 to 65535, not 0.5",
    'places. must be a place, not ""',
    "limits.variables must be a whole number of characters, values or calls from 1 to 2147483648, not 0",
    "there is no extra",
  ]);
});

test.each([
  [null, "null"],
  [undefined, "undefined"],
  [[], "an empty list"],
  ["x", '"x"'],
  [() => 1, "a function"],
])("%j is no record of options", (options, shown) => {
  expect(problemsOf(options)).toEqual([`the options must be a record of options, not ${shown}`]);
});

test("a record is never shown, a long text only at its beginning", () => {
  expect(problemsOf({ name: { key: "secret" } })).toEqual(["name must be a name, not a record"]);
  expect(problemsOf({ name: "a", ports: "p".repeat(500) })).toEqual([
    `ports must be a list of ports, not "${"p".repeat(80)}…"`,
  ]);
});

test("what is wrong between options is told when each of them is right", () => {
  const check = (name: unknown): unknown =>
    checkOptions("example", schema, { name }, (given) => [`${given.name} is taken`]);
  expect(() => check("a")).toThrow("example was given options it can't take: a is taken.");
  expect(() => check("")).toThrow('example was given options it can\'t take: name must be a name, not "".');
});

test("a language is kept as it is", () => {
  const options = optionRecord({ language: languageOption }, "a record");
  expect(checkOptions("example", options, {}).language).toBe(javascriptLanguage);
  const mine = { ...javascriptLanguage };
  expect(checkOptions("example", options, { language: mine }).language).toBe(mine);
});

test("an entry takes 20 seconds more than code may compute, unless told otherwise", () => {
  expect(channelTimes(5000, 100, {})).toEqual({ openMs: 100, wallMs: 25_000 });
  expect(channelTimes(5000, 100, { openMs: 7, wallMs: 9 })).toEqual({ openMs: 7, wallMs: 9 });
  expect(timeProblems(5000, { wallMs: 4999 })).toEqual([
    "times.wallMs (4999) must not be below timeMs (5000)",
  ]);
  expect(timeProblems(5000, {})).toEqual([]);
});

test("a runtime over a channel refuses what it can't take", () => {
  const options = {
    name: "",
    isolation: "box",
    replay: "exact",
    conect: 1,
  } as unknown as ChannelRuntimeOptions;
  expect(() => channelRuntime(options)).toThrow(
    'channelRuntime was given options it can\'t take: name must be a name, not ""; isolation must be "none", "process", "isolate", "container" or "remote", not "box"; connect is missing; there is no conect.',
  );
});
