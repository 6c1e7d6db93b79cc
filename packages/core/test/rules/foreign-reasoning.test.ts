import { describe, expect, it } from "vitest";
import { answerIn, withoutReasoning } from "../../src/rules/reasoning.ts";

const ANSWER = "```repl\nawait done(1);\n```";

describe("reasoning in whatever form is no part of a reply", () => {
  it.each([
    ["<think>\nno\n</think>\n"],
    ["<THINK>no</THINK>\n"],
    ["<thought>no</thought>\n"],
    ["<seed:think>no</seed:think>\n"],
    ["no, no\n</think>\n"],
    ["[THINK]no\n```repl\nawait done(2);\n```\n[/THINK]"],
    ["no[/THINK]\n"],
    ["◁think▷no◁/think▷\n"],
    ["<|START_THINKING|>no<|END_THINKING|><|START_RESPONSE|>"],
    ["<|begin_of_thought|>\nno\n<|end_of_thought|>\n\n<|begin_of_solution|>\n"],
    ["<|channel|>analysis<|message|>no<|end|><|start|>assistant<|channel|>final<|message|>"],
    [
      "<|channel|>analysis<|message|>no<|end|><|start|>assistant<|channel|>commentary to=python<|constrain|>json<|message|>{}<|call|><|start|>assistant<|channel|>final<|message|>",
    ],
    ["<|channel>thought\nno\n<channel|>"],
    ["analysisThe user wants no. assistantfinal"],
  ])("%j", (thoughts) => {
    for (const end of ["", "\n"]) {
      const { text, endsInside } = withoutReasoning(`${thoughts}${ANSWER}${end}`);
      expect([text.trim(), endsInside]).toEqual([ANSWER, false]);
      expect(answerIn(`${thoughts}Paris${end}`).trim()).toBe("Paris");
    }
  });

  it.each([
    "<think>no",
    "[THINK] no",
    "◁think▷ no",
    "<|START_THINKING|>no",
    "<|channel|>analysis<|message|>no",
    "<|channel|>analysis<|message|>no<|end|>",
    "no\n</think>\n<think>no",
    "<think>\n```repl\nawait done(1);\n```",
  ])("%j is nothing else", (reply) => {
    expect(withoutReasoning(reply)).toEqual({ text: "", endsInside: true });
    expect(answerIn(reply)).toBe("");
  });

  it("marks within the code of a block stay", () => {
    for (const code of [
      'split("[/THINK]")',
      'x = "<|END_THINKING|>"',
      "// </think>",
      "analysis = assistantfinal",
    ]) {
      const reply = `\`\`\`repl\n${code}\n\`\`\``;
      expect(withoutReasoning(reply).text).toBe(reply);
    }
  });
});

describe("an answer for code", () => {
  it("is the reply as it is where that holds no reasoning", () => {
    for (const reply of [
      "Paris",
      "  two\r\nlines  ",
      "analysis of the river",
      "write `</think>` to end",
      "",
    ]) {
      expect(answerIn(reply)).toBe(reply);
    }
  });

  it("ends before a section behind it that never ends", () => {
    expect(answerIn("Paris\n<think>or is it")).toBe("Paris");
    expect(answerIn("Paris\n```\n<think>\n```")).toBe("Paris\n```\n<think>\n```");
  });
});
