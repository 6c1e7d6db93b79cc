import { describe, expect, it } from "vitest";
import { checkModelSchema } from "../../src/schema/model-schema.ts";

function refusal(value: unknown): string {
  const checked = checkModelSchema(value);
  if (checked.ok) throw new Error("the schema was accepted");
  return checked.message;
}

function accepted(value: unknown) {
  const checked = checkModelSchema(value);
  if (!checked.ok) throw new Error(checked.message);
  return checked.schema;
}

function nested(levels: number, leaf: unknown = 1): unknown {
  let value = leaf;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

/** Processor time, so that other work on the machine does not count. */
async function timed<T>(work: () => Promise<T>): Promise<{ value: T; milliseconds: number }> {
  const started = process.cpuUsage();
  const value = await work();
  return { value, milliseconds: process.cpuUsage(started).user / 1_000 };
}

describe("a schema that a model wrote", () => {
  it("is used when it is sound", async () => {
    const schema = accepted({
      type: "object",
      properties: { format: { type: "string" }, pattern: { type: "string" } },
    });
    expect(await schema.check({ format: "csv" })).toEqual({ ok: true, value: { format: "csv" } });
    expect(await schema.check({ format: 1 })).toEqual({ ok: false, message: "format: wanted string, got 1" });
  });

  it("may be recursive through a part of the value", async () => {
    const tree = { type: "object", properties: { children: { type: "array", items: { $ref: "#" } } } };
    expect((await accepted(tree).check({ children: [{ children: [] }] })).ok).toBe(true);
    expect(await accepted(tree).check({ children: [{ children: [3] }] })).toMatchObject({
      message: expect.stringContaining("children[0].children[0]: wanted {"),
    });
  });

  it.each([
    ["nothing", undefined, "it must be a JSON Schema object such as"],
    ["a text", "string[]", 'not "string[]"'],
    ["a list", [{ type: "string" }], "not a list of 1"],
    [
      "a pattern",
      { type: "string", pattern: "(a+)+$" },
      '"pattern" is not supported; say it in words in "description"',
    ],
    ["patternProperties", { patternProperties: { "(a+)+$": true } }, '"patternProperties" is not supported'],
    ["a format", { type: "string", format: "email" }, '"format" is not supported'],
    ["a remote reference", { $ref: "http://169.254.169.254/" }, '"$ref" must be local'],
    ["a file reference", { $ref: "file:///etc/passwd" }, '"$ref" must be local'],
    ["a reference to a prototype", { $ref: "#/__proto__" }, "no schema is there"],
    ["a circle", { allOf: [{ $ref: "#" }] }, "it would never end"],
    ["too much", { enum: Array.from({ length: 20_000 }, (_, index) => index) }, "at most 65536 are allowed"],
    ["a deep one", nested(40), "nested more than 32 levels deep"],
    ["a very deep one", nested(100_000), "it must be JSON (nested too deeply)"],
    ["a shape", { name: "string", age: "number" }, '{"type": "object", "properties"'],
  ])("is refused when it is %s, with words a model can act on", (_, value, part) => {
    const message = refusal(value);
    expect(message).toMatch(/^The output schema cannot be used: /);
    expect(message).toContain(part);
    expect(message.length).toBeLessThanOrEqual(2_000);
  });

  it("cannot make a check take exponential time by recursion", async () => {
    const both = { properties: { a: { $ref: "#" } } };
    const bomb = { anyOf: [{ type: "string" }, { ...both, required: ["b"] }, { ...both, required: ["c"] }] };
    const { value, milliseconds } = await timed(() => accepted(bomb).check(nested(200)));
    expect(value.ok).toBe(false);
    expect(milliseconds).toBeLessThan(3_000);
  });

  it("cannot make a check take exponential time by references that double", async () => {
    const definitions = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => {
        const next = { $ref: `#/$defs/d${index + 1}` };
        return [`d${index}`, { allOf: [next, next] }];
      }),
    );
    const bomb = { $defs: { ...definitions, d500: true }, $ref: "#/$defs/d0" };
    const { value, milliseconds } = await timed(() => accepted(bomb).check(1));
    expect(value).toEqual({
      ok: false,
      message: "is too large or too deeply nested to be checked against its schema",
    });
    expect(milliseconds).toBeLessThan(3_000);
  });

  it("cannot turn an exhausted check into a yes with not", async () => {
    const both = { properties: { a: { $ref: "#/$defs/t" } } };
    const bomb = {
      $defs: {
        t: {
          anyOf: [
            { ...both, required: ["b"] },
            { ...both, required: ["c"] },
          ],
        },
      },
      not: { $ref: "#/$defs/t" },
    };
    expect((await accepted(bomb).check(nested(200))).ok).toBe(false);
  });

  it.each([1_000, 50_000])(
    "gives an answer, not an overflow, for a value that is %i levels deep",
    async (levels) => {
      const chain = { anyOf: [{ allOf: [{ oneOf: [{ properties: { a: { $ref: "#" } } }] }] }] };
      expect(await accepted(chain).check(nested(levels))).toMatchObject({
        ok: false,
        message: expect.stringMatching(/nested/),
      });
      expect(await accepted({ uniqueItems: true }).check([nested(levels)])).toMatchObject({
        ok: levels === 1_000,
      });
    },
  );

  it.each([
    ["numbers", (index: number) => index],
    ["objects", (index: number) => ({ id: index })],
    ["the same but for the last", (index: number) => (index === 199_999 ? 0 : index)],
  ])("compares 200,000 items that must differ in bounded time: %s", async (_, item) => {
    const list = Array.from({ length: 200_000 }, (_value, index) => item(index));
    const { value, milliseconds } = await timed(() =>
      accepted({ type: "array", uniqueItems: true }).check(list),
    );
    expect(value.ok).toBe(item(199_999) !== 0);
    expect(milliseconds).toBeLessThan(3_000);
  });

  it("stops at a list that is too large for its alternatives", async () => {
    const wide = { items: { anyOf: Array.from({ length: 1_000 }, (_, index) => ({ const: index })) } };
    const list = Array.from({ length: 200_000 }, () => "x");
    const { value, milliseconds } = await timed(() => accepted(wide).check(list));
    expect(value.ok).toBe(false);
    expect(milliseconds).toBeLessThan(3_000);
  });
});
