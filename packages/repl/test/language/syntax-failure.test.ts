import { describe, expect, test } from "vitest";
import { compileBlock } from "../../src/language/compile-block.ts";
import { refusal } from "./sandbox.ts";

describe("a syntax error", () => {
  test("names line and column and shows the line with a caret", () => {
    expect(refusal("const a = 1;\nconst b = g(1,, 2);\nb")).toBe(
      'SyntaxError: Unexpected "," (line 2, column 15)\n  2 | const b = g(1,, 2);\n                    ^',
    );
  });

  test("is data as well", () => {
    expect(compileBlock("a b")).toEqual({
      ok: false,
      error: { name: "SyntaxError", message: 'Unexpected "b" (line 1, column 3)' },
      text: 'SyntaxError: Unexpected "b" (line 1, column 3)\n  1 | a b\n        ^',
    });
  });

  test("at the end says that something is not closed", () => {
    expect(refusal("f(1,\n  2")).toBe(
      "SyntaxError: Unexpected end of the code: a bracket is not closed (line 2, column 4)\n  2 |   2\n         ^",
    );
  });

  test("counts every kind of line break once", () => {
    for (const lineBreak of ["\n", "\r", "\r\n", "\u2028", "\u2029"]) {
      expect(refusal(`a${lineBreak}b${lineBreak}c d${lineBreak}e`)).toContain(
        "(line 3, column 3)\n  3 | c d\n",
      );
    }
  });

  test("cuts a long line around the place", () => {
    const lines = refusal(`${"a".repeat(5_000)} ${"b".repeat(5_000)}`).split("\n");
    expect(lines[0]?.length).toBeLessThan(120);
    expect(lines[1]).toBe(`  1 | …${"a".repeat(79)} ${"b".repeat(40)}…`);
    expect(lines[2]).toBe(`${" ".repeat(7 + 80)}^`);
  });

  test("keeps tabs under tabs and shows no control characters", () => {
    expect(refusal("\t\ta\u001b[31m b").split("\n").slice(1, 3)).toEqual([
      "  1 | \t\ta\uFFFD[31m b",
      "      \t\t ^",
    ]);
    expect(refusal("a \ud800").isWellFormed()).toBe(true);
  });
});
