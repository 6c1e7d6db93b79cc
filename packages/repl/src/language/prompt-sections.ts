import type { KernelPromptOptions, PromptSection } from "@rlmflow/core";
import { exampleBlock, teachingSections } from "./teaching.ts";

/** The sections of the system prompt that teach this REPL: examples first, rules after them. */
export function promptSections(options: KernelPromptOptions): readonly PromptSection[] {
  return teachingSections({ repl, context, models, delegation, toolCalls, answer }, options);
}

function repl(): string {
  return [
    "Write one block of JavaScript per reply, in a fence tagged `repl`:",
    exampleBlock(
      "const words = (text) => text.split(/\\s+/).filter(Boolean);",
      'const sample = words("to be or not to be");',
      'print("words:", sample.length);',
      "new Set(sample)",
    ),
    [
      "- You are shown what `print` or `console.log` wrote and the value of a last expression, then write the next block.",
      "- Top-level names are kept for later blocks and may be declared again there; VARIABLES() lists them. A block that throws keeps what it set before.",
      "- `await` works at the top level. There are no imports, timers, files or network: plain JavaScript and the functions named here.",
      '- A line of three backticks would end the block; write "`".repeat(3) instead.',
    ].join("\n"),
  ].join("\n");
}

function context({ severalContexts }: KernelPromptOptions): string {
  const object = severalContexts ? "doc" : "CONTEXT";
  const lines = [
    ...(severalContexts ? ['const doc = CONTEXT.get("key"); // CONTEXT.keys() lists them'] : []),
    `print(${object}.info(), ${object}.lineCount());`,
    `print(${object}.read(0, 1000)); // characters from, to`,
    `print(${object}.lines(0, 20).join("\\n")); // lines from, to`,
    `for (const hit of ${object}.grep(/error|warning/i, 20)) print(hit.line, hit.start, hit.text);`,
  ];
  return [
    "CONTEXT is the input, read synchronously:",
    exampleBlock(...lines),
    `${object}.slice(start, end) stands for a part without reading it, ${object}.chunks(size) is the list of slices of a whole; a slice's text() reads it.`,
  ].join("\n");
}

function models(): string {
  return [
    "A model without a REPL answers one prompt, or many at once:",
    exampleBlock(
      'const note = await llmQuery("Summarize in one sentence:\\n" + text);',
      'const votes = await llmQueryBatched(reviews.map((review) => "Positive, yes or no?\\n" + review));',
    ),
    "Either takes options as its last argument, `{ output: schema }` for JSON that fits a JSON Schema. A failed one of many leaves its Error in its place.",
  ].join("\n");
}

function delegation({ hasContext, severalContexts }: KernelPromptOptions): string {
  const parts = hasContext ? `${severalContexts ? "doc" : "CONTEXT"}.chunks(200_000)` : "documents";
  return [
    "A child is an agent like you, with a REPL and only the context you give it. Children run side by side:",
    exampleBlock(
      `const parts = ${parts};`,
      "const handles = parts.map((part, i) =>",
      '  delegate("part_" + i, "Count the failed logins.", { context: part, output: { type: "integer" } }));',
      "const counts = await wait(...handles); // results, in order",
      "counts.reduce((sum, count) => sum + count, 0)",
    ),
    [
      "- `delegate(name, query, options)` returns a handle at once; `await handle` gives one result, also in a later block. `context` is text, data, a slice, or an object of several by key.",
      "- A failed child rejects: catch it, or use `await Promise.allSettled(handles)`.",
      "- `delegate(handle, query)` gives a finished child another task in its REPL.",
    ].join("\n"),
  ].join("\n");
}

function toolCalls(): string {
  return "The functions of the host listed below are async: `const text = await readFile(path);`, arguments by position. What they throw can be caught.";
}

function answer(): string {
  return [
    "When you have the answer, give its value (text or JSON), which ends your task:",
    exampleBlock("await done(total);"),
  ].join("\n");
}
