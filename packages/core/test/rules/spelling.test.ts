import { expect, test } from "vitest";
import { spelled } from "../../src/rules/spelling.ts";

const spellings = { llmQuery: "llm_query", "...handles": "*handles", "an object": "a dict" };

test.each([
  ["llmQuery: output", "llm_query: output"],
  ["llmQueryBatched, myllmQuery and llmQuery.", "llmQueryBatched, myllmQuery and llm_query."],
  ["wait(...handles) of (...others)", "wait(*handles) of (...others)"],
  ["must be an object; an objection", "must be a dict; an objection"],
])("%s is spelled %s", (text, expected) => {
  expect(spelled(text, { spellings })).toBe(expected);
});

test("a language that spells as the host does is left as it is", () => {
  expect(spelled("constructor of llmQuery", {})).toBe("constructor of llmQuery");
});
