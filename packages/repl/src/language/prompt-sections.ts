import type { LanguagePromptOptions, PromptSection } from "@rlmflow/core/driver";
import { exampleBlock, keyExample, teachingSections } from "./teaching-sections.ts";

/** The sections of the system prompt that teach this REPL: examples first, rules after them. */
export function promptSections(options: LanguagePromptOptions): readonly PromptSection[] {
  return teachingSections({ repl, context, models, delegation, toolCalls, answer }, options);
}

function repl({ hasTools }: LanguagePromptOptions): string {
  const outside = hasTools
    ? "no imports or timers; files and network only by functions of the host"
    : "no imports, timers, files or network: plain JavaScript and the functions named here";
  return [
    "Write one block of JavaScript per reply, in a fence tagged `repl`:",
    exampleBlock(
      "const words = (text) => text.split(/\\s+/).filter(Boolean);",
      'const sample = words("to be or not to be");',
      'print("words:", sample.length);',
      "new Set(sample)",
    ),
    [
      "- You are shown what `print` or `console.log` wrote and the value of a last expression.",
      "- Top-level names are kept for later blocks and may be declared again there; VARIABLES() lists them. A block that throws keeps what it set before.",
      `- \`await\` works at the top level. There are ${outside}.`,
      '- A line of three backticks would end the block; write "`".repeat(3) instead.',
    ].join("\n"),
  ].join("\n");
}

function context(options: LanguagePromptOptions): string {
  const { severalContexts } = options;
  const object = severalContexts ? "doc" : "CONTEXT";
  const lines = [
    ...(severalContexts
      ? [`const doc = CONTEXT.get(${keyExample(options)}); // CONTEXT.keys() lists them`]
      : []),
    `print(${object}.read(0, 1000)); // characters from, to`,
    `print(${object}.lines(0, 20).join("\\n")); // lines from, to`,
    `for (const hit of ${object}.grep(/error|warning/i, 20)) print(hit.line, hit.start, hit.text);`,
  ];
  return [
    "CONTEXT is the input, read synchronously:",
    exampleBlock(...lines),
    `- \`grep(pattern, max = 100)\`: \`start\` is the position in ${object}, \`text\` the line or, of a long line, the part around the match.`,
    `- \`text()\` and \`lines()\` give all, \`length\` and \`lineCount()\` say how much that is. \`slice(start, end)\` stands for a part without reading it, \`chunks(size)\` is all in slices of that many characters, lines cut too; a slice's \`text()\` reads it.`,
  ].join("\n");
}

function models(): string {
  return [
    "A model without a REPL answers one prompt, or many at once:",
    exampleBlock(
      'const weights = await llmQueryBatched(["cat", "cow"].map((name) => "Weight in kg of a " + name));',
      'const note = await llmQuery("Summarize in one sentence:\\n" + weights.join("\\n"));',
    ),
    "Either takes `{ output: schema }` as its last argument, for JSON that fits a JSON Schema. A failed one of many leaves its Error in its place.",
  ].join("\n");
}

/** Parts of the input as an agent with this input would make them, or parts of a task where there is no input. */
function delegateExample({ hasContext, severalContexts }: LanguagePromptOptions): string {
  if (!hasContext)
    return exampleBlock(
      'const handles = ["cost", "risk"].map((topic) =>',
      '  delegate(topic, "Name the " + topic + " of moving a shop.", { output: { type: "string" } }));',
      "const [cost, risk] = await wait(...handles); // results, in order",
    );
  const parts = severalContexts
    ? "CONTEXT.keys().map((key) => CONTEXT.get(key))"
    : "CONTEXT.chunks(CONTEXT.length / 8 + 1)";
  return exampleBlock(
    `const parts = ${parts};`,
    "const handles = parts.map((part, i) =>",
    '  delegate("part_" + i, "What is the worst problem?", { context: part, output: { type: "string" } }));',
    "const worst = await wait(...handles); // results, in order",
    'worst.join("\\n")',
  );
}

function delegation(options: LanguagePromptOptions): string {
  return [
    "A child is an agent like you, with a REPL and only the context you give it. Children run side by side:",
    delegateExample(options),
    [
      "- `delegate(name, query, options)` returns a handle at once; `await handle` gives one result, also in a later block.",
      "- Options: `context` (text, data, a slice, or an object of several by key), `output`, `globals` (its variables), `maxIterations`, `maxTotalTokens`, `maxCostUsd`.",
      "- A failed child rejects: catch it, or use `await Promise.allSettled(handles)`.",
      "- `delegate(handle, query)` gives a finished child another task in its REPL.",
    ].join("\n"),
  ].join("\n");
}

function toolCalls(): string {
  return "The functions of the host listed below are async: `await` each; arguments by position. What they throw can be caught.";
}

function answer(): string {
  return [
    "When you have the answer, give its value (text or JSON), which ends your task:",
    exampleBlock('const answer = "Tuesday";', "await done(answer);"),
  ].join("\n");
}
