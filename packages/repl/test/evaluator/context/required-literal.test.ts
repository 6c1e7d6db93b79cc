import { expect, test } from "vitest";
import { requiredLiteral } from "../../../src/evaluator/context/required-literal.ts";

test.each([
  ["error", "error"],
  ["error \\d+ in", "error "],
  ["^fatal: (a|b) end$", "fatal: "],
  ["a|b", ""],
  ["(a|b)", ""],
  ["colou?r", "colo"],
  ["xa*bcd", "bcd"],
  ["ab+c", "ab"],
  ["abc{2,3}de", "ab"],
  ["a\\.b\\*c", "a.b*c"],
  ["[abc]+def[|]", "def"],
  ["[\\]x]yz", "yz"],
  ["\\bword\\b", "word"],
  ["(optional)?sure", "sure"],
  [".*", ""],
  ["(?:x)y", "y"],
  ["(?<name>x)yy", "yy"],
  ["\\x41bc", "bc"],
])("every match of /%s/ holds %j", (source, literal) => {
  expect(requiredLiteral(source)).toBe(literal);
});

test("what is required is in every match that a search finds", () => {
  const text = "the error 42 in line 7: fatal a end colour color aabbb [x] a.b*c";
  for (const source of [
    "err\\w+ \\d+",
    "colou?r",
    "a+b+",
    "\\[x\\]",
    "l[a-z]ne \\d",
    "(fatal|the) \\w",
    "a\\.b",
  ]) {
    const match = new RegExp(source).exec(text)?.[0] ?? "";
    expect(match).not.toBe("");
    expect(match).toContain(requiredLiteral(source));
  }
});
