import { describe, expect, test } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { refusal } from "./sandbox.ts";

const FENCE = "`".repeat(3);

describe("Python is answered with JavaScript", () => {
  test.each([
    ["def add(a, b):\n    return a + b", "write `function name(a, b) { return a; }`"],
    ["async def main():\n    pass", "`async function`"],
    ["import os", "nothing can be imported"],
    ["import numpy as np", "nothing can be imported"],
    ["from collections import Counter", "nothing can be imported"],
    ["x = 1\nprint x", "write `print(value)`"],
    ['print "hello"', "write `print(value)`"],
    ["name = 'a'\nprint(f\"hello {name}\")", "for an f-string"],
    ["text = f'hello {name}'", "for an f-string"],
    ["x = 1 # one", "Comments begin with `//`"],
    ["# count lines\nx = 1", "Comments begin with `//`"],
    ["x = 1\n#count", "Comments begin with `//`"],
    ["for line in lines:\n    print(line)", "write `for (const item of items)"],
    ["if x > 1:\n    y = 2", "write `if (test)"],
    ["while True:\n    x = 1", "`while (test)"],
    ["try:\n    x = 1\nexcept Exception as e:\n    pass", "write `try { … } catch (error)"],
    ["xs = [x * 2 for x in range(3)]", "for a comprehension"],
    ["f = lambda x: x + 1", "for a lambda"],
    ["with open('f') as f:\n    x = f.read()", "blocks stand in braces"],
    ["class A:\n    pass", "blocks stand in braces"],
    ['text = """a\nb"""', "between backticks"],
    ["ok = a and b", "`&&`"],
    ["ok = not a", "`!`"],
    ["x = 1 if a else 2", "write `test ? value : other`"],
    ['r = await delegate(name="scan", query="look")', "Give arguments by position"],
    ['delegate("scan", query="look")', "Give arguments by position"],
    ["CONTEXT.grep(pattern='x')", "Give arguments by position"],
  ])("%j", (code, told) => {
    const text = refusal(code);
    expect(text).toContain(told);
    expect(text).toMatch(/^SyntaxError: .+ \(line \d+, column \d+\)\n {2}\d+ \| .*\n +\^\n.+$/);
  });
});

describe("what a REPL does not have is answered with what it has", () => {
  test.each([
    ["import fs from 'node:fs'", "import and export do not work"],
    ["import { a } from 'b'", "import and export do not work"],
    ["export const a = 1", "import and export do not work"],
    ["const a = import.meta.url", "import and export do not work"],
    ["const fs = await import('node:fs')", "Nothing can be imported"],
    ["const r = yield wait(a, b)", "write `const r = await wait(a, b)`"],
    ["yield wait(...handles)", "write `await wait(...handles)`"],
    ["const a = 1\nreturn a", "end it with the value"],
    ["items.map((x) => await llmQuery(x))", "`async (item) => …`"],
    ["function f() { await g() }", "`async (item) => …`"],
    ["@dec class A {}", "Decorators do not work"],
    ["let a; let a", "declared again in a later block"],
    ["const s = `never closed", "ends at the next backtick"],
    ["const s = 'a\nb'", "A quoted string ends on its own line"],
  ])("%j", (code, told) => {
    expect(refusal(code)).toContain(told);
  });
});

describe("a character that the language does not have is named", () => {
  test.each([
    ["const a\u200b = 1", "Unexpected invisible character U+200B", "cannot be seen"],
    ["a\u001b[31m b", "Unexpected invisible character U+001B", "cannot be seen"],
    ["\u2060print(1)", "Unexpected invisible character U+2060", "cannot be seen"],
    ["print(“hello”)", 'Unexpected character "“" (U+201C)', "Write straight quotes"],
    ["const s = ‘a’;", 'Unexpected character "‘" (U+2018)', "Write straight quotes"],
    ["const n = 5 – 3;", 'Unexpected character "–" (U+2013)', "Write - for minus"],
    ["print（1）", 'Unexpected character "（" (U+FF08)', "in ASCII"],
    ["const a = 1 € 2", 'Unexpected character "€" (U+20AC)', ""],
    ["const a = 1 😀", 'Unexpected character "😀" (U+1F600)', ""],
  ])("%j", (code, told, hint) => {
    const text = refusal(code);
    expect(text).toContain(`SyntaxError: ${told} (line 1, column`);
    expect(text).toContain(hint);
    expect(text.split("\n")).toHaveLength(hint === "" ? 3 : 4);
  });
});

describe("a line of three backticks in a template literal", () => {
  test("is recognised where it makes a syntax error", () => {
    expect(refusal(`const s = \`a\n${FENCE}js\ncode\n${FENCE}\n\``)).toContain(
      "A line of three backticks ends a template literal",
    );
  });

  test("is recognised where it parses by accident", () => {
    const text = refusal(`const s = \`a\n${FENCE}\ncode()\n${FENCE}\nb\``);
    expect(text).toContain(
      "SyntaxError: A template literal ends here and another one begins at once (line 2, column 2)",
    );
    expect(text).toContain("a line of three backticks cannot stand in a template literal");
  });
});

describe("what is no mistake has no hint", () => {
  test.each(["const a = 1,", "f(1,, 2)", "const = 3", "x +* y", "}"])("%j", (code) => {
    expect(refusal(code).split("\n")).toHaveLength(3);
  });

  test.each(["let name; delegate(name === 'x')", "f(a = 1)", "String.raw`a`", "tag`a``b`.length"])(
    "%j compiles or is left to run",
    (code) => {
      expect(refusal(code)).toBe("it compiles");
    },
  );
});

test("looking for a hint takes little time for any line", async () => {
  const spent = await processorMs(() => {
    for (const text of ["[for ", "f ", " if ", "= ", "import a,", "with ", "await ", "\t", "'"])
      refusal(`)${text.repeat(20_000)}`);
  });
  expect(spent).toBeLessThan(5_000);
});

test.each(["Now I will count the errors:", "First, we yield the results.", "The import takes a while."])(
  "a sentence in a block is called one, whatever its words mean as code: %s",
  (line) => {
    expect(refusal(`print(1)\n${line}`)).toContain("put words outside of it, or behind //");
  },
);
