import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RLMError } from "../../src/errors.ts";
import type { JsonSchema } from "../../src/index.ts";
import type { SchemaLike } from "../../src/protocols/tool.ts";
import { resolveSchema } from "../../src/schema/schema.ts";
import { withJsonSchema } from "../../src/schema/standard-schema.ts";
import { typedSchema } from "../../src/schema/typed-schema.ts";

function refusal(schema: unknown): string {
  try {
    resolveSchema(schema as SchemaLike, "output");
  } catch (error) {
    if (RLMError.is(error, "invalid_schema")) return error.message;
    throw error;
  }
  throw new Error("the schema was accepted");
}

async function complaint(schema: SchemaLike, value: unknown): Promise<string> {
  const checked = await resolveSchema(schema, "output").check(value);
  if (checked.ok) throw new Error("the value was accepted");
  return checked.message;
}

const person = {
  type: "object",
  properties: {
    name: { type: "string" },
    age: { type: "integer", minimum: 0 },
    tags: { type: "array", items: { enum: ["a", "b"] } },
  },
  required: ["name", "age"],
  additionalProperties: false,
};

describe("a Standard Schema", () => {
  it("of zod is described by its JSON Schema and checked by zod, defaults filled in", async () => {
    const schema = resolveSchema(z.object({ a: z.string(), b: z.number().default(3) }), "output");
    expect(schema.jsonSchema).toEqual({
      type: "object",
      properties: { a: { type: "string" }, b: { type: "number", default: 3 } },
      required: ["a"],
    });
    expect(await schema.check({ a: "x" })).toEqual({ ok: true, value: { a: "x", b: 3 } });
  });

  it("of zod names each failing field by its path", async () => {
    const schema = z.object({ list: z.array(z.object({ "odd key": z.string() })), n: z.number() });
    const message = await complaint(schema, { list: [{ "odd key": "x" }, { "odd key": 4 }], n: "5" });
    expect(message.split("\n")).toEqual([
      'list[1]["odd key"]: Invalid input: expected string, received number',
      "n: Invalid input: expected number, received string",
    ]);
  });

  it("of arktype, which is a function, works the same", async () => {
    const schema = type({ a: "string", "b?": "number[]" });
    expect(resolveSchema(schema, "output").jsonSchema).toMatchObject({ type: "object", required: ["a"] });
    expect(await complaint(schema, { a: 1 })).toBe("a: a must be a string (was a number)");
  });

  it("without a JSON Schema is refused with the way out", () => {
    const message = refusal(v.object({ a: v.string() }));
    expect(message).toContain("output: a schema of valibot cannot say what it is as JSON Schema");
    expect(message).toContain("withJsonSchema(schema, jsonSchema)");
  });

  it("without a JSON Schema is used once it is given one", async () => {
    const described = withJsonSchema(v.object({ a: v.string() }), person);
    expect(resolveSchema(described, "output").jsonSchema).toEqual(person);
    expect(await complaint(described, { a: 1 })).toContain("a: Invalid type: Expected string but received 1");
  });

  it("that its library cannot write as JSON Schema is refused with the reason", () => {
    expect(refusal(z.object({ when: z.date() }))).toMatch(
      /zod cannot write this schema.*Date cannot be represented/,
    );
  });

  it("whose check throws gives a message and no rejection", async () => {
    const broken = withJsonSchema(
      z.string().refine(() => {
        throw new TypeError("no luck");
      }),
      { type: "string" },
    );
    expect(await complaint(broken, "x")).toBe("could not be checked: no luck");
  });

  it("of a type and a JSON Schema checks values and keeps paths", async () => {
    const schema = typedSchema<{ name: string }>(person);
    expect(await complaint(schema, { name: 1, age: 2 })).toBe("name: wanted string, got 1");
  });
});

describe("a JSON Schema", () => {
  it("is copied and frozen", () => {
    const given = structuredClone(person);
    const { jsonSchema } = resolveSchema(given, "output");
    expect(jsonSchema).toEqual(person);
    expect(jsonSchema).not.toBe(given);
    expect(Object.isFrozen(jsonSchema)).toBe(true);
  });

  it("names every failing field, what was wanted and what was there", async () => {
    const message = await complaint(person, { age: -1.5, tags: ["a", "c", 7], extra: true });
    expect(message.split("\n")).toEqual([
      "age: wanted integer, got -1.5",
      "age: wanted a number not below 0, got -1.5",
      'tags[1]: wanted "a" | "b", got "c"',
      'tags[2]: wanted "a" | "b", got 7',
      "name: wanted string, got nothing",
      "extra: is not a known field (known are: name, age, tags)",
    ]);
  });

  it("describes the value itself when that is wrong", async () => {
    expect(await complaint(person, [1])).toMatch(/^wanted \{name: string, age: integer,.* got a list of 1$/);
    expect(await complaint({ type: "string" }, undefined)).toContain("wanted JSON, got nothing");
    expect(await complaint({ type: "string" }, 1n)).toContain("wanted JSON, got 1");
  });

  it.each<[string, JsonSchema, string, string]>([
    [
      "a number",
      { type: "number" },
      "603834.57",
      'wanted a number such as 603834.57, got the text "603834.57"',
    ],
    [
      "one with its thousands apart",
      { type: "number" },
      "1,234,567.5",
      'a number such as 1234567.5, got the text "1,234,567.5"',
    ],
    ["a whole number", { type: ["integer", "null"] }, " 42 ", 'a number such as 42, got the text " 42 "'],
    ["a boolean", { type: "boolean" }, "true", 'wanted true, got the text "true"'],
    [
      "a list",
      { type: "array" },
      "[1, 2]",
      'wanted a list of 2, got its JSON as the text "[1, 2]": give the value itself',
    ],
    ["an object", person, '{"name": "Ada"}', "wanted an object, got its JSON as the text"],
    ["a decimal for a whole number", { type: "integer" }, "4.5", 'wanted integer, got "4.5"'],
    ["what is no number", { type: "number" }, "about 4", 'wanted number, got "about 4"'],
  ])("says so of a text that holds %s", async (_, schema, value, message) => {
    expect(await complaint(schema, value)).toContain(message);
  });

  it("speaks of the one alternative that was meant, else of all", async () => {
    const shape = {
      anyOf: [
        {
          type: "object",
          properties: { kind: { const: "circle" }, radius: { type: "number" } },
          required: ["kind", "radius"],
        },
        {
          type: "object",
          properties: { kind: { const: "square" }, side: { type: "number" } },
          required: ["kind", "side"],
        },
        { type: "null" },
      ],
    };
    expect(await complaint(shape, { kind: "circle", radius: "2" })).toBe(
      'radius: wanted a number such as 2, got the text "2"',
    );
    expect(await complaint(shape, 4)).toMatch(
      /^wanted \{kind: "circle", radius: number\} \| .* \| null, got 4$/,
    );
  });

  it("keeps a message within 10 issues and 2,000 characters", async () => {
    const many = await complaint(
      { items: { type: "string" } },
      Array.from({ length: 500 }, (_, index) => index),
    );
    expect(many.split("\n")).toHaveLength(11);
    expect(many.endsWith("… and more")).toBe(true);
    const keys = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [String(index).repeat(900), index]),
    );
    expect((await complaint({ additionalProperties: { type: "string" } }, keys)).length).toBeLessThanOrEqual(
      2_000,
    );
  });

  it.each([
    ["null", null, "it is: null"],
    ["a text", "string", 'it is: "string"'],
    ["a list", [], "it is: a list of 0"],
    ["a bare function", () => true, "it is: a function"],
    [
      "a circle",
      Object.assign(Object.create(null), {
        get self() {
          return this;
        },
      }),
      "circular",
    ],
    [
      "fields instead of a schema",
      { name: "string" },
      'no keyword of JSON Schema among "name"; fields are written',
    ],
    ["an unknown type", { type: "str" }, '"type" must be one of string, number'],
    [
      "a field that is no schema",
      { properties: { a: "string" } },
      'at #/properties/a: a schema is an object such as {"type": "string"}',
    ],
    ["required as a text", { required: "name" }, '"required" must be a list of texts'],
    ["anyOf as an object", { anyOf: {} }, '"anyOf" must be a list of schemas'],
    ["a broken pattern", { pattern: "(" }, '"pattern" must be a regular expression'],
    ["a remote reference", { $ref: "https://example.com/a.json" }, '"$ref" must be local'],
    ["a reference to nothing", { $ref: "#/$defs/a" }, '"$ref" names #/$defs/a, and no schema is there'],
    ["a reference into data", { enum: [{}], $ref: "#/enum/0" }, "no schema is there"],
    ["a reference to itself", { $ref: "#" }, "it would never end"],
    [
      "a longer circle",
      { $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { not: { $ref: "#/$defs/a" } } } },
      "would never end",
    ],
    ["an unsupported keyword", { unevaluatedProperties: false }, 'write "additionalProperties" instead'],
  ])("refuses %s and says what is wrong", (_, schema, part) => {
    expect(refusal(schema)).toContain(part);
    expect(refusal(schema)).toMatch(/^output /);
  });

  it.each([
    [300, "nested more than 200 schemas deep"],
    [50_000, "nested too deeply"],
  ])("refuses a schema nested %i deep", (levels, part) => {
    let schema: SchemaLike = {};
    for (let depth = 0; depth < levels; depth += 1) schema = { not: schema };
    expect(refusal(schema)).toContain(part);
  });
});
