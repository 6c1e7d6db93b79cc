import { describe, expect, test } from "vitest";
import { compileBlock } from "../../src/language/compile-block.ts";
import { javascript } from "../../src/language/javascript.ts";
import { generateProgram, randomNumbers } from "./program-generator.ts";

describe("the JavaScript language", () => {
  test("names its language, engine and fences", () => {
    expect(javascript.name).toBe("javascript");
    expect(javascript.engine).toMatch(/^v8 \d+\.\d+$/);
    expect(process.versions.v8.startsWith(`${javascript.engine.slice(3)}.`)).toBe(true);
    expect(javascript.fences).toEqual(["repl", "js", "javascript", "ts", "typescript"]);
  });

  test("parses exactly what compiles", () => {
    for (const code of [
      "",
      "1",
      "let a: number",
      "await f()",
      "a b",
      "import('x')",
      "enum A {}",
      "(".repeat(10_000),
    ]) {
      expect(javascript.parses(code) === null).toBe(compileBlock(code).ok);
    }
  });

  test("says what is wrong in words for the model", () => {
    expect(javascript.parses("x = (1")).toContain(
      "Unexpected end of the code: a bracket is not closed (line 1, column 7)",
    );
  });

  test("never throws, whatever the text", () => {
    const random = randomNumbers(7);
    const pieces = [
      ..."(){}[]`'\"/\\*<>=+-!?:;,.#@$&|^~%\n\r\u2028\u0000\ud800",
      "${",
      "=>",
      "async ",
      "await ",
      "class ",
      "function ",
      "let ",
      "yield ",
      "import ",
      "/*",
      "//",
      "<!--",
      "-->",
      "\\u{",
      "#!",
      "a",
      "1n",
      "0x",
      "é",
      "😀",
      "case ",
      "of ",
      "using ",
    ];
    for (let round = 0; round < 1_000; round += 1) {
      const noise = Array.from(
        { length: 1 + Math.floor(random() * 12) },
        () => pieces[Math.floor(random() * pieces.length)],
      ).join("");
      const program = generateProgram(random).units.join("\n");
      const cut = Math.floor(random() * program.length);
      for (const code of [noise, program.slice(0, cut) + noise + program.slice(cut)]) {
        const message = javascript.parses(code);
        expect(message === null || message.startsWith("SyntaxError: ")).toBe(true);
      }
    }
  });
});
