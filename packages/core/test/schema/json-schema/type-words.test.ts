import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonSchema } from "../../../src/data/json.ts";
import { typeWords } from "../../../src/schema/json-schema/type-words.ts";
import { resolveSchema } from "../../../src/schema/schema.ts";

describe("the words of a type", () => {
  it.each<[string, JsonSchema]>([
    ["string", { type: "string" }],
    ["any", {}],
    ["any", true],
    ["never", false],
    ["string[]", { type: "array", items: { type: "string" } }],
    ["any[]", { type: "array" }],
    ["(string | number)[]", { type: "array", items: { type: ["string", "number"] } }],
    ["[string, integer]", { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }] }],
    ['"a" | "b"', { enum: ["a", "b"] }],
    ["3", { const: 3 }],
    ["string | null", { anyOf: [{ type: "string" }, { type: "null" }] }],
    [
      "{a: string, b?: number}",
      { type: "object", properties: { a: { type: "string" }, b: { type: "number" } }, required: ["a"] },
    ],
    ["{a?: string}[]", { type: "array", items: { properties: { a: { type: "string" } } } }],
    ["{[key: string]: number}", { type: "object", additionalProperties: { type: "number" } }],
    ["object", { type: "object" }],
    [
      "{a?: boolean} & {b?: null}",
      { allOf: [{ properties: { a: { type: "boolean" } } }, { properties: { b: { type: "null" } } }] },
    ],
    ["string[]", { type: "array", items: { $ref: "#/$defs/s" }, $defs: { s: { type: "string" } } }],
    ["{next?: object}", { type: "object", properties: { next: { $ref: "#" } } }],
  ])("are %s", (words, schema) => {
    expect(typeWords(schema)).toBe(words);
  });

  it("come from a zod schema", () => {
    const schema = z.object({
      path: z.string(),
      mode: z.enum(["r", "w"]).optional(),
      lines: z.array(z.number()),
    });
    expect(typeWords(resolveSchema(schema, "input").jsonSchema)).toBe(
      '{path: string, mode?: "r" | "w", lines: number[]}',
    );
  });

  it("stay short for a schema that is wide, deep or multiplies itself", () => {
    const wide = {
      properties: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, {}])),
    };
    const step = (index: number) => Array.from({ length: 50 }, () => ({ $ref: `#/$defs/d${index}` }));
    const bomb = {
      anyOf: step(0),
      $defs: { d0: { anyOf: step(1) }, d1: { anyOf: step(2) }, d2: { prefixItems: step(3) }, d3: {} },
    };
    const silent = { ...bomb, $defs: { ...bomb.$defs, d2: { anyOf: step(3) }, d3: { enum: [] } } };
    for (const schema of [wide, bomb, silent]) expect(typeWords(schema).length).toBeLessThanOrEqual(300);
    expect(typeWords({ prefixItems: [{ type: "null" }, { type: "null" }] })).toBe("[null, null]");
    expect(typeWords(wide)).toContain("…");
  });
});
