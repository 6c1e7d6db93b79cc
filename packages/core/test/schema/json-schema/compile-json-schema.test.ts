import { type Schema, Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonSchema, type JsonValue } from "../../../src/data/json.ts";
import { compileJsonSchema } from "../../../src/schema/json-schema/compile-json-schema.ts";
import { judgeValue } from "../../../src/schema/json-schema/judge-value.ts";

function fits(schema: JsonSchema, value: JsonValue): boolean {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) throw new Error(compiled.problems.join("\n"));
  return judgeValue(compiled.root, value).ok;
}

function fitsByAnother(schema: JsonSchema, value: JsonValue): boolean {
  const copy: Schema | boolean = structuredClone(schema);
  return new Validator(copy, "2020-12").validate(value).valid;
}

/** A small generator of whole numbers, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const KEYS = ["a", "b", "__proto__", "a/b~c"];
const SCALARS: readonly JsonValue[] = [null, true, false, 0, 1, 2.5, -3, 6, "", "a", "😀b", "abc"];

function randomValue(next: (below: number) => number, depth: number): JsonValue {
  const kind = depth > 2 ? 0 : next(4);
  if (kind < 2) return SCALARS[next(SCALARS.length)] ?? null;
  if (kind === 2) return Array.from({ length: next(4) }, () => randomValue(next, depth + 1));
  const keys = KEYS.filter(() => next(2) === 0);
  return Object.fromEntries(keys.map((key) => [key, randomValue(next, depth + 1)]));
}

function randomSchema(next: (below: number) => number, depth: number): JsonSchema {
  if (depth > 2 || next(12) === 0) return next(5) > 0;
  const inner = () => randomSchema(next, depth + 1);
  const some = () => Array.from({ length: 1 + next(3) }, inner);
  const map = () => Object.fromEntries(KEYS.filter(() => next(2) === 0).map((key) => [key, inner()]));
  const keys = () => KEYS.filter(() => next(3) === 0);
  const types = ["string", "number", "integer", "boolean", "null", "array", "object"];
  const makers: Record<string, () => JsonValue> = {
    type: () => types[next(types.length)] ?? "null",
    enum: () => Array.from({ length: 1 + next(4) }, () => randomValue(next, 1)),
    const: () => randomValue(next, 1),
    minimum: () => next(5) - 2,
    exclusiveMaximum: () => next(6) - 1,
    multipleOf: () => [1, 2, 0.5, 3][next(4)] ?? 1,
    minLength: () => next(4),
    maxLength: () => next(4),
    pattern: () => ["^a", "b$", ""][next(3)] ?? "",
    prefixItems: some,
    items: inner,
    minItems: () => next(3),
    maxItems: () => next(4),
    uniqueItems: () => next(2) === 0,
    contains: inner,
    properties: map,
    patternProperties: () => ({ "^[ab]$": inner() }),
    additionalProperties: inner,
    propertyNames: inner,
    required: keys,
    dependentRequired: () => ({ a: keys() }),
    dependentSchemas: map,
    minProperties: () => next(3),
    maxProperties: () => next(4),
    allOf: some,
    anyOf: some,
    oneOf: some,
    not: inner,
  };
  const names = Object.keys(makers);
  const chosen = Array.from({ length: 1 + next(3) }, () => names[next(names.length)] ?? "type");
  const entries: [string, JsonValue][] = chosen.map((name) => [name, makers[name]?.() ?? true]);
  if (next(6) === 0) entries.push(["if", inner()]);
  if (next(6) === 0) entries.push(["then", inner()], ["else", inner()]);
  return Object.fromEntries(entries);
}

describe("a compiled JSON Schema", () => {
  it("agrees with another validator on 3,000 generated schemas and values", () => {
    let accepted = 0;
    for (let seed = 0; seed < 3_000; seed += 1) {
      const next = numbers(seed * 7_919 + 1);
      for (let warm = 0; warm < 3; warm += 1) next(1);
      const schema = randomSchema(next, 0);
      const value = randomValue(next, 0);
      const expected = fitsByAnother(schema, value);
      if (expected) accepted += 1;
      if (fits(schema, value) !== expected) {
        expect.fail(
          `seed ${seed}: wanted ${expected} for ${JSON.stringify(value)} against ${JSON.stringify(schema)}`,
        );
      }
    }
    expect(accepted).toBeGreaterThan(600);
    expect(accepted).toBeLessThan(2_700);
  });

  it.each<[string, JsonSchema, JsonValue, boolean]>([
    [
      "a reference into definitions",
      { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "string" } } },
      1,
      false,
    ],
    [
      "a percent-encoded reference",
      { $ref: "#/$defs/a%20b", $defs: { "a b": { type: "string" } } },
      "x",
      true,
    ],
    [
      "a reference beside other keywords",
      { $ref: "#/$defs/a", maximum: 3, $defs: { a: { minimum: 1 } } },
      4,
      false,
    ],
    [
      "draft-07's tuples",
      { items: [{ type: "string" }], additionalItems: { type: "number" } },
      ["a", "b"],
      false,
    ],
    ["draft-07's dependencies", { dependencies: { a: ["b"], c: { required: ["d"] } } }, { c: 1, d: 2 }, true],
    ["items after a prefix", { prefixItems: [true], items: { type: "number" } }, ["a", 1, "b"], false],
    ["minContains 0", { contains: { type: "string" }, minContains: 0 }, [1], true],
    ["maxContains", { contains: { type: "string" }, maxContains: 1 }, ["a", "b"], false],
    [
      "equal objects in another order",
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      false,
    ],
    ["decimal multiples", { multipleOf: 0.1 }, 0.3, true],
    ["decimal multiples that are none", { multipleOf: 0.1 }, 0.35, false],
    ["length in characters", { maxLength: 1 }, "😀", true],
    ["an inherited name", { required: ["toString"] }, {}, false],
    ["a declared inherited name", { properties: { constructor: { type: "string" } } }, {}, true],
    ["an unknown keyword beside known ones", { type: "string", "x-note": {}, foo: 1 }, "a", true],
  ])("judges %s", (_, schema, value, expected) => {
    expect(fits(schema, value)).toBe(expected);
  });

  it("keeps __proto__ an ordinary field", () => {
    const schema: JsonSchema = JSON.parse(
      '{"properties": {"__proto__": {"type": "string"}}, "additionalProperties": false}',
    );
    const value: JsonValue = JSON.parse('{"__proto__": 1}');
    expect(isJsonObject(value) && fits(schema, value)).toBe(false);
    expect(fits(schema, JSON.parse('{"__proto__": "x"}'))).toBe(true);
  });
});
