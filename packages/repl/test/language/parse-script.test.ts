import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { compileBlock } from "../../src/language/compile-block.ts";
import { parseScript } from "../../src/language/parse-script.ts";
import { NESTED } from "./nested-code.ts";
import { refusal } from "./sandbox.ts";

const MANY = 200_000;

describe("nesting", () => {
  test.each(Object.keys(NESTED))("of %s is fine where people write it and refused beyond", (name) => {
    const write = NESTED[name];
    if (write === undefined) throw new Error(name);
    if (name !== "open parentheses") expect(parseScript(write(60)).ok).toBe(true);
    for (const depth of [3_000, MANY / 5]) {
      expect(refusal(write(depth))).toMatch(/nested too deeply|is too long/);
    }
  });

  test("is refused for its depth and never for the stack, also by a parser that is not compiled yet", async () => {
    const twoThirds = 656;
    const program = join(import.meta.dirname, "parse-nested-code.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [`--stack-size=${twoThirds}`, program]);
    const answers: Record<string, unknown> = JSON.parse(stdout);
    const here = Object.entries(NESTED).map(([name, write]) => [name, parseScript(write(MANY / 5))]);
    expect(answers).toEqual(Object.fromEntries(here));
  });

  test("is refused at the same depth however much stack is used already", () => {
    const deepest = (depth: number): number => {
      if (depth > 0) return deepest(depth - 1);
      let levels = 1;
      while (parseScript(`${"(".repeat(levels)}1${")".repeat(levels)}`).ok) levels += 1;
      return levels;
    };
    expect(deepest(2_000)).toBe(deepest(0));
    expect(deepest(0)).toBeGreaterThan(150);
  });

  test("of 200,000 brackets in a string is nothing", () => {
    expect(compileBlock(`"${"(".repeat(MANY)}"`).ok).toBe(true);
  });

  test("of 200,000 brackets is a syntax error for the model", () => {
    expect(refusal("[".repeat(MANY))).toContain("SyntaxError: The code is nested too deeply (line 1, column");
    expect(refusal("[".repeat(MANY))).toContain("Split the expression into several statements");
  });

  test("of members has no bound", () => {
    expect(compileBlock(`a${".b".repeat(MANY)}`).ok).toBe(true);
  });
});

describe("size", () => {
  test("of a block is bounded", () => {
    expect(compileBlock(" ".repeat(1_000_000)).ok).toBe(true);
    expect(refusal(" ".repeat(1_000_001))).toContain(
      "The block has 1000001 characters, more than the 1000000 that are allowed",
    );
  });

  test("of a regular expression is bounded, because group names are compared with each other", () => {
    expect(refusal(`/${"(?<a>)|".repeat(50_000)}/`)).toContain("A regular expression is too long");
  });
});

describe("time", () => {
  /** Ways to make a tool do the square of the work, each as long as told. */
  const LONG: Readonly<Record<string, (length: number) => string>> = {
    declarators: (length) => `let ${many(length / 8, (i) => `a${i}`, ",")}`,
    "var statements": (length) => many(length / 10, (i) => `var a${i}`, "\n"),
    "const and assignments": (length) =>
      `const c=1;{${many(length / 20, (i) => `let a${i}=0;a${i}=c`, "\n")}}`,
    functions: (length) => many(length / 22, (i) => `function f${i}(){}`, ""),
    "functions in blocks": (length) => many(length / 24, (i) => `{function f${i}(){}}`, ""),
    "functions in one block": (length) => `{${many(length / 22, (i) => `function f${i}(){}`, "")}}`,
    "functions and cases of a switch": (length) =>
      `switch(1){${many(length / 30, (i) => `case ${i}:function f${i}(){}`, "\n")}}`,
    "elements of a pattern": (length) => `[${many(length / 2, () => "a", ",")}]=b`,
    arguments: (length) => `f(${many(length / 2, () => "a", ",")})`,
    "bound elements": (length) => `var [${many(length / 8, (i) => `a${i}`, ",")}]=b`,
    "hidden names": (length) => many(length / 9, (i) => `$r${i}`, "\n"),
    "private names": (length) => `class A{${many(length / 8, (i) => `#a${i}`, ";")}}`,
    "object keys": (length) => `({${many(length / 10, (i) => `a${i}:1`, ",")}})`,
    comments: (length) => many(length / 10, () => "/*..*/a;", "\n"),
    spaces: (length) => `${" ".repeat(length)}x`,
    "an error at the end": (length) => `${"a\n".repeat(length / 2)})`,
    "fence-like spaces and an error": (length) => `${" ".repeat(length)})`,
    digits: (length) => `${"1".repeat(length)}n`,
    "a long token": (length) => `${"a".repeat(length)} b`,
  };

  test.each(Object.keys(LONG))("grows with the length of %s and no faster", async (name) => {
    const write = LONG[name];
    if (write === undefined) throw new Error(name);
    const timeOf = async (code: string): Promise<number> => {
      let least = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3; round += 1)
        least = Math.min(least, await processorMs(() => compileBlock(code)));
      return least;
    };
    const short = Math.max(await timeOf(write(25_000)), 2);
    // Eight times the text in eight times the time; the square of it would be sixty-four times.
    expect((await timeOf(write(200_000))) / short).toBeLessThan(40);
  });

  function many(count: number, write: (index: number) => string, separator: string): string {
    return Array.from({ length: Math.floor(count) }, (_, index) => write(index)).join(separator);
  }
});
