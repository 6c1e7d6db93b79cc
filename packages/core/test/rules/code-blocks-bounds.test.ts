import { describe, expect, it } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { findCode, MAX_PARSES } from "../../src/rules/code-blocks.ts";
import { scanFences } from "../../src/rules/fences.ts";
import { javascript } from "./javascript.ts";

/** A language that refuses all code and counts what it was given. */
function countingLanguage() {
  const counted = { parses: 0, characters: 0 };
  const parses = (code: string) => {
    counted.parses += 1;
    counted.characters += code.length;
    return "no";
  };
  return { counted, language: { ...javascript, parses } };
}

const LINES = 20_000;

/** Replies of a model that means harm. */
const HOSTILE: Readonly<Record<string, string>> = {
  "one block and closing fences": `\`\`\`repl\n${"```\n".repeat(LINES)}`,
  "closing fences with text between": `\`\`\`repl\nx +\n${"```\ny +\n".repeat(LINES)}`,
  "preferred blocks that do not parse": "```repl\nx +\n```\n".repeat(LINES),
  "other blocks that do not parse": "```js\nx +\n```\n".repeat(LINES),
  "empty preferred blocks": "```repl\n```\n".repeat(LINES),
  "blocks in list items that end early": "- ```js\n\nx\n".repeat(LINES),
  "blocks in quotes that end early": "> ```repl\n\n".repeat(LINES),
  "unclosed fences of falling length": Array.from({ length: 600 }, (_, at) => "`".repeat(603 - at)).join(
    "\n",
  ),
  "openings of answers": "done(\n".repeat(LINES),
  "answers that go on": "done(1) ; )\n".repeat(LINES),
  "an answer of closing brackets": `done(${") ".repeat(LINES)}x`,
  "a deep answer": `${"[".repeat(LINES)}${"]".repeat(LINES)}`,
  "returned answers": `\`\`\`repl\n${"return done(1\n".repeat(LINES)}\`\`\``,
  "prose in a block": `\`\`\`repl\n${"Now it will be said, again:\n".repeat(LINES)}\`\`\``,
  "a line of prose without an end": `\`\`\`repl\nNow ${"it's . ".repeat(LINES)}(\n\`\`\``,
  "an untagged block of calls": `\`\`\`\n${"f(1\n".repeat(LINES)}\`\`\``,
  "unclosed thoughts": "text\n<think>\n".repeat(LINES),
  "closing tags": "</think>\n".repeat(LINES),
  "thoughts with fences": "<think>\n```\n</think>\n".repeat(LINES),
  "thoughts with longer fences": Array.from(
    { length: 400 },
    (_, at) => `<think>\n${"~".repeat(403 - at)}\n</think>`,
  ).join("\n"),
  "deep quotes": `${">".repeat(LINES)}\n`.repeat(20),
  "deep list items and blank lines": `${"1. ".repeat(LINES)}x\n${"\n".repeat(LINES)}`,
  "deep bullets": `${"- ".repeat(LINES)}x\n`.repeat(20),
  "stars and spaces": `${"* ".repeat(LINES)}x\n`.repeat(20),
  "a line of spaces": `${" ".repeat(LINES * 10)}x\n`.repeat(5),
  tabs: `${"\t".repeat(LINES * 10)}\`\`\`repl\n`.repeat(5),
  backticks: `${"`".repeat(LINES * 10)}\n`.repeat(5),
  "open angle brackets": "<think <think ".repeat(LINES),
};

describe("findCode on hostile replies", () => {
  it.each(Object.entries(HOSTILE))(
    "stays linear on %s",
    async (_, reply) => {
      const { counted, language } = countingLanguage();
      expect(await processorMs(() => findCode(reply, language))).toBeLessThan(25_000);
      expect(counted.parses).toBeLessThanOrEqual(MAX_PARSES);
      expect(counted.characters).toBeLessThanOrEqual(MAX_PARSES * reply.length);
    },
    60_000,
  );

  it("gives the first candidate end where none parses", () => {
    const { language } = countingLanguage();
    expect(findCode(`\`\`\`repl\na\n${"```\nb\n".repeat(LINES)}`, language)).toMatchObject({
      kind: "code",
      code: "a",
    });
  });

  it("still finds the last of thousands of blocks that others precede", () => {
    const reply = `${"```js\nx +\n```\n".repeat(LINES)}\`\`\`repl\nlast\n\`\`\``;
    expect(findCode(reply, javascript)).toMatchObject({
      code: "last",
      notice: expect.stringContaining(`the ${LINES} other code blocks were not run.`),
    });
  });

  it("reads containers nested too deeply as text", () => {
    expect(scanFences(`${"> ".repeat(60)}\`\`\`js\n`)).toHaveLength(1);
    expect(scanFences(`${"> ".repeat(70)}\`\`\`js\n`)).toHaveLength(0);
  });
});
