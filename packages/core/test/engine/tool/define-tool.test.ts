import { type } from "arktype";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { JsonSchema, JsonValue } from "../../../src/data/json.ts";
import { defineTool, type ToolDefinition } from "../../../src/engine/tool/define-tool.ts";
import { functionTool } from "../../../src/engine/tool/function-tool.ts";
import { RLMError } from "../../../src/errors.ts";
import type { Tool, ToolContext } from "../../../src/protocols/tool.ts";
import { typedSchema } from "../../../src/schema/typed-schema.ts";

const context: ToolContext = {
  effectKey: "run/main/root#1/0",
  agentId: "root",
  depth: 0,
  signal: new AbortController().signal,
};

const search = defineTool({
  name: "search",
  description: "Finds lines.",
  input: z.object({
    max: z.int().min(1).optional(),
    pattern: z.string(),
    path: z.string(),
    deep: z.boolean().default(true),
  }),
  output: z.array(z.string()),
  repeat: "safe",
  run: ({ pattern, path, max, deep }) => [`${pattern} ${path} ${max} ${deep}`],
});

async function call(tool: Tool, ...args: JsonValue[]): Promise<JsonValue> {
  return tool.run(await tool.check(args), context);
}

async function complaint(tool: Tool, ...args: JsonValue[]): Promise<string> {
  const error: unknown = await call(tool, ...args).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TypeError);
  return error instanceof Error ? error.message : "";
}

function refusal(definition: Partial<ToolDefinition<unknown>> & Record<string, unknown>): string {
  const whole = {
    name: "tool",
    description: "",
    input: { type: "object" },
    repeat: "safe",
    run: () => null,
    ...definition,
  };
  try {
    defineTool(whole as ToolDefinition<unknown>);
  } catch (error) {
    if (RLMError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("the tool was made");
}

describe("a tool", () => {
  it("has the fields of its input as parameters, required ones first, in the order declared", () => {
    expect(search.parameters).toEqual([
      { name: "pattern", type: "string", required: true },
      { name: "path", type: "string", required: true },
      { name: "max", type: "integer", required: false },
      { name: "deep", type: "boolean", required: false },
    ]);
    expect(search.returns).toBe("string[]");
  });

  it("infers what run is given", () => {
    const described = { description: "", repeat: "safe" } as const;
    defineTool({
      ...described,
      name: "a",
      input: z.object({ a: z.string(), b: z.number().default(1) }),
      run: (input) => expectTypeOf(input).toEqualTypeOf<{ a: string; b: number }>(),
    });
    defineTool({
      ...described,
      name: "b",
      input: type({ a: "string[]" }),
      run: (input) => expectTypeOf(input).toEqualTypeOf<{ a: string[] }>(),
    });
    defineTool({
      ...described,
      name: "c",
      input: typedSchema<{ n: number }>({ type: "object", properties: { n: { type: "number" } } }),
      run: (input) => expectTypeOf(input).toEqualTypeOf<{ n: number }>(),
    });
    defineTool({
      ...described,
      name: "d",
      input: { type: "object" },
      run: (input) => expectTypeOf(input).toBeUnknown(),
    });
  });

  it("is called with positional arguments or with one object of named ones", async () => {
    expect(await call(search, "x", "src", 3)).toEqual(["x src 3 true"]);
    expect(await call(search, { path: "src", pattern: "x", deep: false })).toEqual(["x src undefined false"]);
  });

  it("takes null for an optional parameter as left out", async () => {
    expect(await call(search, "x", "src", null, false)).toEqual(["x src undefined false"]);
  });

  it("keeps null where the schema wants it", async () => {
    const tool = defineTool({
      name: "keep",
      description: "",
      repeat: "safe",
      input: z.object({ a: z.null().optional() }),
      run: (input) => input,
    });
    expect(await call(tool, null)).toEqual({ a: null });
  });

  it("takes an object as the argument when it has one parameter", async () => {
    const tool = defineTool({
      name: "count",
      description: "",
      repeat: "safe",
      input: z.object({ table: z.record(z.string(), z.number()) }),
      run: ({ table }) => Object.keys(table).length,
    });
    expect(await call(tool, { table: 1, chair: 2 })).toBe(2);
  });

  it("without parameters takes nothing or an empty object", async () => {
    const tool = defineTool({
      name: "now",
      description: "",
      repeat: "safe",
      input: z.object({}),
      run: () => 1,
    });
    expect(await call(tool)).toBe(1);
    expect(await call(tool, {})).toBe(1);
    expect(await complaint(tool, 1)).toBe("now() takes at most 0 arguments, got 1");
  });

  it("names the tool and the parameter when an argument is wrong", async () => {
    const signature = "search(pattern: string, path: string, max?: integer, deep?: boolean)";
    expect(await complaint(search, "x")).toBe(`${signature} needs "path" (string), got "x"`);
    expect(await complaint(search)).toBe(`${signature} needs "pattern" (string), got no arguments`);
    expect(await complaint(search, "x", 4)).toBe(
      `${signature}: path: Invalid input: expected string, received number`,
    );
    expect(await complaint(search, "x", "y", 0)).toContain(": max: Too small");
    expect(await complaint(search, "x", "y", 1, true, 5)).toBe(
      `${signature} takes at most 4 arguments, got 5`,
    );
    expect(await complaint(search, { pattern: "x" })).toBe(
      `${signature} needs "path" (string), got an object`,
    );
    expect(await complaint(search, { pattern: "x", file: "y" })).toBe(
      `${signature}: there is no argument "file"`,
    );
    expect(await complaint(search, {})).toBe(`${signature} needs "pattern" (string), got an object`);
  });

  const lookup = (name: JsonSchema) =>
    defineTool({
      name: "lookup",
      description: "",
      repeat: "safe",
      input: { type: "object", properties: { name }, required: ["name"] },
      run: (input) => input,
    });

  it("of one parameter that is no object takes its name too", async () => {
    const tool = lookup({ type: "string" });
    expect(await call(tool, "x")).toEqual({ name: "x" });
    expect(await call(tool, { name: "x" })).toEqual({ name: "x" });
    expect(await complaint(tool, { nme: "x" })).toBe('lookup(name: string): there is no argument "nme"');
    expect(await complaint(tool, {})).toBe('lookup(name: string) needs "name" (string), got an object');
    expect(await complaint(lookup({ enum: ["{", "b"] }), { nme: 1 })).toContain('no argument "nme"');
    expect(await complaint(lookup({ type: "array", items: {} }), { nme: 1 })).toContain('no argument "nme"');
  });

  it.each<[string, JsonSchema]>([
    ["an object", { type: "object" }],
    ["anything", {}],
    ["one of several types", { type: ["string", "object"] }],
    ["fields", { type: "object", properties: { nme: { type: "string" } } }],
  ])("of one parameter that may be an object takes that: %s", async (_, schema) => {
    expect(await call(lookup(schema), { nme: "x" })).toEqual({ name: { nme: "x" } });
    expect(await call(lookup(schema), { name: "x" })).toEqual({ name: { name: "x" } });
  });

  it.each([
    [
      "a date at items[1].when",
      { items: [1, { when: new Date(0) }] },
      "an instance of Date at items[1].when",
    ],
    ["a function", () => 1, "a function"],
    ["not a number", [Number.NaN], "NaN at [0]"],
    ["a big integer", { n: 1n }, "a bigint at n"],
    ["a map", new Map(), "an instance of Map"],
    ["bytes", new Uint8Array(3), "an instance of Uint8Array"],
  ])("says what its answer was when that is not JSON: %s", async (_, answer, part) => {
    const tool = defineTool({
      name: "odd",
      description: "",
      repeat: "safe",
      input: z.object({}),
      run: () => answer,
    });
    expect(await complaint(tool)).toBe(`The tool odd did not answer with JSON but with ${part}`);
  });

  it("does not follow a circle in its answer", async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const tool = defineTool({
      name: "odd",
      description: "",
      repeat: "safe",
      input: z.object({}),
      run: () => circle,
    });
    expect(await complaint(tool)).toContain("nested too deeply (or in a circle) at self.self.self");
  });

  it("answers null for nothing and leaves out fields that are undefined", async () => {
    const answers: unknown[] = [undefined, { a: undefined, b: 1 }];
    const tool = defineTool({
      name: "odd",
      description: "",
      repeat: "safe",
      input: z.object({}),
      run: () => answers.shift(),
    });
    expect(await call(tool)).toBeNull();
    expect(await call(tool)).toEqual({ b: 1 });
  });

  it("checks its answer against the output schema", async () => {
    const tool = defineTool({
      name: "odd",
      description: "",
      repeat: "safe",
      input: z.object({}),
      output: z.object({ a: z.string() }),
      // Types would refuse it, and JavaScript has none.
      run: () => ({ a: 1 }) as never,
    });
    expect(await complaint(tool)).toContain(
      "The tool odd gave an answer that does not fit its output schema: a: ",
    );
  });

  it.each([
    [{ name: "read file" }, 'invalid_options: The tool name "read file" is not a name'],
    [{ name: "await" }, '"await" is a word of the language'],
    [{ name: "delegate" }, '"delegate" is reserved: every REPL has it'],
    [{ name: "__proto__" }, "is reserved"],
    [{ name: "Promise" }, "is a name of the language's own library"],
    [{ name: "a".repeat(65) }, "is not a name of 1 to 64"],
    [{ name: 4 }, "The tool name 4 is not a text"],
    [{ repeat: undefined }, 'invalid_options: Tool tool must say repeat: "safe" or "never"'],
    [{ input: { type: "string" } }, "The input of tool tool must be an object schema"],
    [
      { input: { type: "object", properties: { "a b": {} } } },
      'Tool tool: "a b" cannot be the name of a parameter',
    ],
    [{ input: { type: "object", properties: { class: {} } } }, '"class" cannot be the name of a parameter'],
    [{ input: "string" }, "invalid_schema: The input of tool tool must be a Standard Schema"],
    [{ output: { type: "str" } }, "invalid_schema: The output of tool tool is not a usable JSON Schema"],
  ])("is refused when it is defined as %o", (definition, part) => {
    expect(refusal(definition as Record<string, unknown>)).toContain(part);
  });
});

describe("a plain function as a tool", () => {
  it("takes any arguments and is never repeated", async () => {
    const tool = functionTool("add", async (left: number, right: number) => left + right);
    expect(tool.repeat).toBe("never");
    expect(tool.parameters).toEqual([{ name: "...args", type: "any[]", required: true }]);
    expect(await call(tool, 1, 2)).toBe(3);
  });

  it("says what its answer was when that is not JSON", async () => {
    const tool = functionTool("symbols", () => Symbol("x"));
    expect(await complaint(tool)).toBe("The tool symbols did not answer with JSON but with a symbol");
  });

  it("is refused under a reserved name", () => {
    expect(() => functionTool("done", () => 1)).toThrow(/"done" is reserved/);
  });
});
