import { expect, test } from "vitest";
import { mayBeType } from "../../src/language/may-be-type.ts";

test.each([
  "let x|: number",
  "x |as string",
  "new Map<string, number>(|)",
  "interface |Row {",
  "x|!.y",
  "function f(a|?: string)",
  "|enum A",
])("a type may begin at the bar of %j", (marked) => {
  expect(mayBeType(marked.replace("|", ""), marked.indexOf("|"))).toBe(true);
});

test.each(["def |f(x)", "a |b", "f(1,|,2)", "print |x", "x = (1|", "import |os", "const s = |'a"])(
  "none begins at the bar of %j",
  (marked) => {
    expect(mayBeType(marked.replace("|", ""), marked.indexOf("|"))).toBe(false);
  },
);
