import { describe, expect, test } from "vitest";
import { python } from "../src/index.ts";

const written = (type: string, output = ""): string =>
  python.signature({ name: "f", input: [{ name: "a", type, required: true }], output });

describe("a signature", () => {
  test("has Python's words, defaults and results", () => {
    const input = [
      { name: "path", type: "string", required: true },
      { name: "end", type: "integer", required: false },
    ];
    expect(python.signature({ name: "readLines", input, output: "string[]" })).toBe(
      "await readLines(path: str, end: int = None) -> list[str]",
    );
  });

  test("of a plain function takes anything", () => {
    const input = [{ name: "...args", type: "any[]", required: true }];
    expect(python.signature({ name: "f", input, output: "any" })).toBe("await f(*args) -> Any");
  });

  test.each<[string, string]>([
    ["number | null", "float | None"],
    ["any[][]", "list[list[Any]]"],
    ['"string" | "b"', '"string" | "b"'],
    ["{name: string, size?: number}", "{name: str, size?: float}"],
    ["object", "dict"],
  ])("writes %s as %s", (type, expected) => {
    expect(written(type)).toBe(`await f(a: ${expected})`);
  });
});
