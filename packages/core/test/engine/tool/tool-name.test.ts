import { describe, expect, test } from "vitest";
import { refuseToolName } from "../../../src/engine/tool/tool-name.ts";

describe("the name of a tool", () => {
  test.each<[string, string | null]>([
    ["readFile", null],
    ["read_file", null],
    ["$a", null],
    ["await", "is a word of the language"],
    ["class", "is a word of the language"],
    ["lambda", "is a word of Python, in which agents may write"],
    ["None", "is a word of Python, in which agents may write"],
    ["llmQuery", "is reserved: every REPL has it"],
    ["llm_query_batched", "is reserved: every REPL has it"],
    ["asyncio", "is reserved: every REPL has it"],
    ["__name", "is reserved: every REPL has it"],
    ["Promise", "is a name of the language's own library"],
  ])("%s: %s", (name, problem) => {
    expect(refuseToolName(name)).toBe(problem);
  });
});
