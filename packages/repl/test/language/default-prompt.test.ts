import { defaultPrompt } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { agentView } from "../../../core/test/rules/prompt/agent-view.ts";
import { javascript } from "../../src/index.ts";

const PLAIN_ROOT = agentView({ language: javascript });

describe("the default prompt with this language", () => {
  const prompt = defaultPrompt().render(PLAIN_ROOT);

  test("takes a plain root less than 4,000 characters", () => {
    expect(prompt.length).toBeLessThan(4000);
  });

  test("does not forbid to print an input that it asks to print", () => {
    const contexts = [{ key: "doc", characters: 3_000, digest: "0".repeat(64) }];
    const small = defaultPrompt().render({ ...PLAIN_ROOT, contexts });
    expect(small).toContain("print it where you have to read it");
    expect(small).not.toMatch(/not to print|never print/);
  });

  test("teaches what every agent needs, and how code is called what tools are", () => {
    for (const word of ["```repl", "delegate(", "done(", "llmQuery("]) expect(prompt, word).toContain(word);
    const tool = {
      name: "readFile",
      description: "Reads a file.",
      parameters: [{ name: "path", type: "string", required: true }],
      returns: "string",
    };
    expect(defaultPrompt().render({ ...PLAIN_ROOT, tools: [tool] })).toContain("readFile(path: string)");
  });
});
