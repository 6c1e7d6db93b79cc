import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../src/data/json.ts";
import { placedArguments } from "../../../src/engine/tool/named-arguments.ts";

const parameter = (name: string, required: boolean) => ({ name, type: "string", required });
const tool = {
  name: "search",
  parameters: [parameter("pattern", true), parameter("path", false), parameter("max", false)],
};

describe("keyword arguments of a call", () => {
  test.each<[string, readonly JsonValue[], readonly JsonValue[]]>([
    ["stand in the places of their parameters", [{ $named: { path: "b", pattern: "a" } }], ["a", "b"]],
    ["stand behind those by place", ["a", { $named: { path: "b" } }], ["a", "b"]],
    ["leave null for what is passed over", ["a", { $named: { max: 3 } }], ["a", null, 3]],
    ["may be none", ["a", { $named: {} }], ["a"]],
    ["are no other objects", ["a", { $named: {}, b: 1 }], ["a", { $named: {}, b: 1 }]],
    ["are no other values", ["a", { $named: 1 }], ["a", { $named: 1 }]],
    ["are last", [{ $named: { path: "b" } }, "a"], [{ $named: { path: "b" } }, "a"]],
  ])("%s", (_, args, placed) => {
    expect(placedArguments(tool, args)).toEqual(placed);
  });

  test("are refused where no parameter has the name", () => {
    expect(() => placedArguments(tool, [{ $named: { __proto__x: 1 } }])).toThrow(
      "search(pattern: string, path?: string, max?: string) has no parameter __proto__x",
    );
  });

  test("are refused where their place is taken", () => {
    expect(() => placedArguments(tool, ["a", { $named: { pattern: "b" } }])).toThrow("got pattern twice");
  });
});
