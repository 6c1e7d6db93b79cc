import { describe, expect, test } from "vitest";
import { copyJson, copyObject } from "../../src/schema/json-copy.ts";

describe("a copy", () => {
  test("shares nothing with what it was made of", () => {
    const given = { list: [{ deep: 1 }], text: "ä\ud800" };
    const copied = copyJson(given);
    expect(copied).toEqual({ ok: true, value: given });
    given.list.push({ deep: 2 });
    expect(copied).toMatchObject({ value: { list: [{ deep: 1 }] } });
  });

  test("leaves out what is undefined, and has no negative zero", () => {
    expect(copyJson(undefined)).toEqual({ ok: true, value: null });
    expect(copyJson({ a: undefined, b: [undefined], c: -0 })).toStrictEqual({
      ok: true,
      value: { b: [null], c: 0 },
    });
  });

  test("keeps a key that means something to objects", () => {
    const given: unknown = JSON.parse('{"__proto__": {"x": 1}}');
    expect(JSON.stringify(copyJson(given))).toBe('{"ok":true,"value":{"__proto__":{"x":1}}}');
  });

  test.each<[unknown, string]>([
    [Number.NaN, "NaN"],
    [{ a: [1n] }, "a bigint at a[0]"],
    [new Map(), "an instance of Map"],
    [() => 1, "a function"],
    [Symbol("s"), "a symbol"],
  ])("is refused with its place: %s", (given, problem) => {
    expect(copyJson(given)).toEqual({ ok: false, problem });
  });
});

test("what a user gives as an object is copied or refused by name", () => {
  expect(copyObject({ a: 1 }, "metadata")).toEqual({ a: 1 });
  expect(() => copyObject([1], "metadata")).toThrow("metadata must be an object of JSON values");
  expect(() => copyObject({ a: () => 1 }, "metadata")).toThrow("it is or has a function at a");
});
