import { describe, expect, it } from "vitest";
import { findCode } from "../../src/rules/code-blocks.ts";
import { explainNext } from "../../src/rules/code-messages.ts";
import { javascript } from "./javascript.ts";

/** A reply without code to run, line by line, and what the message says beyond the example. */
type Refused = readonly [what: string, reply: readonly string[], says: readonly string[], notSays?: string];

function named(table: readonly Refused[]) {
  return table.map(([what, reply, says, notSays]) => ({ what, reply, says, notSays }));
}

function message(reply: readonly string[], kind: "none" | "unclosed"): string {
  const found = findCode(reply.join("\n"), javascript);
  if (found.kind !== kind) throw new Error(`found ${JSON.stringify(found)}`);
  return found.message;
}

const NONE: readonly Refused[] = [
  ["an empty reply", [""], ["has no code block"], "Python"],
  ["prose alone", ["The answer is 42."], ["has no code block"], "Python"],
  ["inline code alone", ["Call `done(42)`."], ["has no code block"]],
  ["a fence in the middle of a line", ["Run ```repl x```"], ["has no code block"]],
  ["a fence indented by four", ["    ```repl", "    x", "    ```"], ["has no code block"]],
  ["an untagged block", ["```", "x", "```"], ["only blocks with no tag."]],
  ["a json block", ["```json", "{}", "```"], ["only blocks with the tag `json`."], "Python"],
  ["blocks of several languages", ["```sh", "ls", "```", "```", "x", "```"], ["the tag `sh`, no tag"]],
  [
    "blocks of many languages",
    ["a", "b", "c", "d", "e", "f", "g"].flatMap((tag) => [`\`\`\`${tag}`, "x", "```"]),
    ["`a`", "`e` and 2 more"],
  ],
  ["a very long tag", [`\`\`\`${"x".repeat(5000)}`, "x", "```"], [`\`${"x".repeat(20)}…\``]],
  ["a python block", ["```python", "print(1)", "```"], ["`python`", "speaks JavaScript, not Python."]],
  ["a py block", ["```py", "x = 1", "```"], ["speaks JavaScript, not Python."]],
  ["Python in an untagged block", ["```", "import os", "```"], ["no tag", "not Python."]],
  ["Python without a block", ["def main():", "    return 1"], ["has no code block", "not Python."]],
  ["prose that mentions imports", ["We import taxes for this."], ["has no code block"], "Python"],
  ["an unclosed python block", ["```python", "x = 1"], ["`python`", "not Python."]],
  ["an empty block", ["```repl", "```"], ["Your `repl` block is empty"]],
  ["a block of white space", ["```repl", "  ", "\t", "```"], ["Your `repl` block is empty"]],
  ["code on the line of the fence", ["```repl done(1)", "```"], ["begins on the line after the fence"]],
  ["an open thought", ["<think>", "```repl", "x", "```"], ["reasoning section that is never closed"]],
  ["an open thought with an empty end", ["\n<thinking>\nplan"], ["reasoning section that is never closed"]],
  [
    "a block in a thought",
    ["<think>", "```repl", "x", "```", "</think>", "ok"],
    ["inside its reasoning section, where nothing runs"],
  ],
  [
    "a block that begins on the line of the thought's tag",
    ["Hm. <thinking>```js", "x", "```</thinking>"],
    ["inside its reasoning section"],
  ],
  [
    "a block right behind a thought's tag",
    ["<think>```repl", "x", "```</think>"],
    ["inside its reasoning section"],
  ],
  ["a thought without a block", ["<think>", "`x`", "</think>", "ok"], ["has no code block"]],
  ["an untagged block of data", ["```", "apples, pears", "```"], ["only blocks with no tag."]],
  ["an untagged block of a shell", ["```", "grep -c (x) log", "```"], ["only blocks with no tag."]],
  ["two untagged blocks", ["```", "f(1)", "```", "```", "f(2)", "```"], ["only blocks with no tag."]],
  ["an untagged block never closed", ["```", "f(1)"], ["only blocks with no tag."]],
];

const UNCLOSED: readonly Refused[] = [
  ["a block cut off", ["```repl", "const a = "], ["Your `repl` block is never closed"]],
  ["a block with nothing in it", ["```repl"], ["Your `repl` block is never closed"]],
  ["a fence glued to the code", ["```repl", "done(1)```"], ["a line that holds nothing but the fence"]],
  ["a shorter closing fence", ["````repl", "x", "```"], ["Your `repl` block is never closed"]],
  ["a closing fence of the other kind", ["~~~repl", "x", "```"], ["Your `repl` block is never closed"]],
  ["a js block cut off", ["```js", "x"], ["Your `js` block is never closed"]],
  ["a repl block cut off after a js block", ["```js", "a", "```", "```repl", "b"], ["Your `repl` block"]],
  ["a block cut off in a list item", ["- ```repl", "  x"], ["Your `repl` block is never closed"]],
  ["a quoted block that ends early", ["> ```repl", "> x", "", "bye"], ["Your `repl` block is never closed"]],
];

describe("findCode without code to run", () => {
  it.each(named(NONE))("refuses $what and says what was seen", ({ reply, says, notSays }) => {
    const text = message(reply, "none");
    for (const part of says) expect(text).toContain(part);
    if (notSays !== undefined) expect(text).not.toContain(notSays);
    expect(text).toContain("ran");
  });

  it.each(named(UNCLOSED))("reports $what as unclosed and does not run it", ({ reply, says }) => {
    const text = message(reply, "unclosed");
    for (const part of says) expect(text).toContain(part);
    expect(text).toContain("did not run");
    expect(text.endsWith("\n```repl\nprint(1 + 1)\n```")).toBe(true);
  });

  it("builds its texts from the language, whichever it is", () => {
    const language = { name: "Python", fences: ["python", "py"], parses: () => null };
    expect(findCode("```python\nprint(1)\n```", language)).toMatchObject({ kind: "code", code: "print(1)" });
    const found = findCode("```repl\nx\n```\nimport os", language);
    expect(found).toMatchObject({ kind: "none" });
    const next = explainNext({
      language,
      hasUnseenInput: true,
      suggested: undefined,
      problem: null,
      wanted: null,
    });
    expect(next).toContain(
      "write Python in one block like this:\n```python\nprint(CONTEXT.read(0, 1000))\n```",
    );
    expect(found.kind === "none" && found.message).not.toContain("not Python");
  });

  it("shows how to read only what the conversation does not hold, and says what an answer must be", () => {
    const language = { name: "JavaScript", fences: ["repl"] };
    const next = { language, suggested: undefined, problem: null };
    const said = explainNext({ ...next, hasUnseenInput: false, wanted: "number" });
    expect(said).toBe(
      "To answer, write `await done(answer)` in a block that begins with ```repl, with your answer, which must be a number.\nTo go on instead, write JavaScript in such a block.",
    );
    expect(explainNext({ ...next, hasUnseenInput: false, wanted: "integer" })).toContain("be an integer.");
    expect(explainNext({ ...next, hasUnseenInput: false, wanted: "{a: number}" })).toContain(
      "be {a: number}.",
    );
    expect(explainNext({ ...next, hasUnseenInput: true, wanted: null })).toContain(
      "print(CONTEXT.read(0, 1000))",
    );
    expect(explainNext({ ...next, hasUnseenInput: false, wanted: null, suggested: 42 })).toBe(
      "If this is your answer, send it as code:\n```repl\nawait done(42)\n```\nTo go on instead, write JavaScript in such a block.",
    );
  });

  it("tells a model whose template literal holds a fence what cut its block", () => {
    const reply = ["```repl", "const text = `", "```", "md", "```", "`;", "```"].join("\n");
    const found = findCode(reply, javascript);
    expect(found).toMatchObject({ kind: "code", code: "const text = `" });
    expect(found.kind === "code" && found.notice).toContain("Open and close the block with a longer fence");
  });
});
