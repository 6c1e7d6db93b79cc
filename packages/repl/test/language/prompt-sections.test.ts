import { describe, expect, test } from "vitest";
import { javascript } from "../../src/language/javascript.ts";
import { promptSections } from "../../src/language/prompt-sections.ts";

const NOTHING = { canDelegate: false, hasContext: false, severalContexts: false, hasTools: false };
const ALL = { canDelegate: true, hasContext: true, severalContexts: true, hasTools: true };
const EVERY = [false, true].flatMap((canDelegate) =>
  [false, true].flatMap((hasContext) =>
    [false, true].flatMap((severalContexts) =>
      [false, true].map((hasTools) => ({ canDelegate, hasContext, severalContexts, hasTools })),
    ),
  ),
);

function textOf(options: typeof ALL): string {
  return promptSections(options)
    .map(({ text }) => text)
    .join("\n\n");
}

describe("the sections of the prompt", () => {
  test("teach only what the agent can do", () => {
    expect(promptSections(NOTHING).map(({ name }) => name)).toEqual(["repl", "llm", "done"]);
    expect(promptSections(ALL).map(({ name }) => name)).toEqual([
      "repl",
      "context",
      "llm",
      "delegation",
      "tool-calls",
      "done",
    ]);
    expect(textOf(NOTHING)).not.toMatch(/delegate|CONTEXT|wait\(/);
  });

  test("are shorter than 3,000 characters together", () => {
    for (const options of EVERY) expect(textOf(options).length).toBeLessThan(3_000);
  });

  test("hold examples that compile, each in a fence of the language", () => {
    for (const options of EVERY) {
      const text = textOf(options);
      const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)];
      expect(blocks.length).toBe(text.match(/^```\w+$/gm)?.length);
      expect(blocks.length).toBeGreaterThanOrEqual(3);
      for (const [, tag, code] of blocks) {
        expect(tag).toBe(javascript.fences[0]);
        expect(javascript.parses(code ?? "")).toBeNull();
      }
    }
  });

  test("name the key form where there are several contexts", () => {
    expect(textOf(ALL)).toContain("CONTEXT.get(");
    expect(textOf({ ...ALL, severalContexts: false })).not.toContain("CONTEXT.get(");
  });
});
