import type { ChatScript } from "./loopback-chat.ts";

function block(...lines: readonly string[]): string {
  return ["```repl", ...lines, "```"].join("\n");
}

/** What the loopback server answers to the programs in the documents that ask a model behind an API. */
export const loopbackReplies: ChatScript = [
  [
    "How many lines report an error",
    [
      block(
        "print(CONTEXT.info().characters, CONTEXT.lineCount());",
        "print(CONTEXT.lines(0, 3).join('\\n'));",
      ),
      block(
        "const hits = CONTEXT.grep(/ERROR/, 1000);",
        "await done(hits.length + ' lines report an error; the first is: ' + hits[0].text);",
      ),
    ],
  ],
];
