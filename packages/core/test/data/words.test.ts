import { describe, expect, test } from "vitest";
import { counted, sentences } from "../../src/driver.ts";

describe("parts of a message", () => {
  test.each([
    ["a full stop is added where one is missing", ["bad key", "Check it."], "bad key. Check it."],
    ["one that is there stays the only one", ["bad key.", "Check it."], "bad key. Check it."],
    ["a question and a cut text end as they do", ["why?", "cut…", "Look."], "why? cut… Look."],
    ["a stop inside a quotation is one", ['it said "no."', "Ask."], 'it said "no." Ask.'],
    ["a closing bracket alone is none", ["refused (401)", "Ask."], "refused (401). Ask."],
    ["white space and a dangling colon go", ["it said: \n", "Ask."], "it said. Ask."],
    ["an empty part is left out", ["", "Ask.", " "], "Ask."],
    ["the last part stays as it is", ["One.", "npm install x"], "One. npm install x"],
  ])("%s", (_name, parts, text) => {
    expect(sentences(...parts)).toBe(text);
  });
});

test("a noun stands in the number of its count", () => {
  expect([0, 1, 2].map((count) => counted(count, "node"))).toEqual(["0 nodes", "1 node", "2 nodes"]);
  expect([1, 2].map((count) => counted(count, "reply", "replies"))).toEqual(["1 reply", "2 replies"]);
});
