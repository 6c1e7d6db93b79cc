import { describe, expect, test } from "vitest";
import { refuseToolName } from "../../../src/engine/tool/tool-name.ts";

describe("the name of a tool", () => {
  test.each(["readFile", "read_file", "$a", "search2"])("may be %s", (name) => {
    expect(refuseToolName(name)).toBeNull();
  });

  test.each(["function", "await", "lambda", "from", "None", "elif"])(
    "is no word of any language: %s",
    (name) => {
      expect(refuseToolName(name)).toBe("is a word of the language");
    },
  );

  test.each(["llmQuery", "llm_query", "llm_query_batched", "asyncio", "console", "__name"])(
    "is no name of a REPL of any language: %s",
    (name) => {
      expect(refuseToolName(name)).toBe("is reserved: every REPL has it");
    },
  );
});
