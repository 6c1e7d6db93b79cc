import type { KernelPromptOptions, PromptSection } from "@rlmflow/core";
import { exampleBlock, teachingSections } from "@rlmflow/repl";

/** The sections of the system prompt that teach this REPL: examples first, rules after them. */
export function promptSections(options: KernelPromptOptions): readonly PromptSection[] {
  return teachingSections({ repl, context, models, delegation, toolCalls, answer }, options);
}

function repl(): string {
  return [
    "Write one block of Python per reply, in a fence tagged `repl`:",
    exampleBlock(
      "import re",
      'words = re.findall(r"\\w+", "to be or not to be")',
      'print("words:", len(words))',
      "set(words)",
    ),
    [
      "- You are shown what `print` wrote and the value of a last expression, then write the next block.",
      "- Names are kept for later blocks; VARIABLES() lists them. A block that raises keeps what it set before.",
      "- `await` works at the top level, without asyncio.run; asyncio is imported. The standard library is there; the clock stands still while code runs, and sleeping takes no time.",
      '- A line of three backticks would end the block; write "`" * 3 instead.',
    ].join("\n"),
  ].join("\n");
}

function context({ severalContexts }: KernelPromptOptions): string {
  const object = severalContexts ? "doc" : "CONTEXT";
  const lines = [
    "import re",
    ...(severalContexts ? ['doc = CONTEXT.get("key")  # CONTEXT.keys() lists them'] : []),
    `print(${object}.info(), ${object}.line_count())`,
    `print(${object}.read(0, 1000))  # characters from, to`,
    `print("\\n".join(${object}.lines(0, 20)))  # lines from, to`,
    `for hit in ${object}.grep(re.compile("error|warning", re.I), 20):`,
    "    print(hit.line, hit.start, hit.text)",
  ];
  return [
    "CONTEXT is the input, read synchronously:",
    exampleBlock(...lines),
    `${object}.grep("text") looks for a text as it stands. ${object}.slice(start, end) stands for a part without reading it, ${object}.chunks(size) is the list of slices of a whole; a slice's text() reads it.`,
  ].join("\n");
}

function models(): string {
  return [
    "A model without a REPL answers one prompt, or many at once:",
    exampleBlock(
      'note = await llm_query("Summarize in one sentence:\\n" + text)',
      'votes = await llm_query_batched(["Positive, yes or no?\\n" + review for review in reviews])',
    ),
    "Either takes `output=schema` for JSON that fits a JSON Schema, a dict.",
  ].join("\n");
}

function delegation({ hasContext, severalContexts }: KernelPromptOptions): string {
  const parts = hasContext ? `${severalContexts ? "doc" : "CONTEXT"}.chunks(200_000)` : "documents";
  return [
    "A child is an agent like you, with a REPL and only the context you give it. Children run side by side:",
    exampleBlock(
      `parts = ${parts}`,
      "handles = [",
      '    delegate(f"part_{i}", "Count the failed logins.", context=part, output={"type": "integer"})',
      "    for i, part in enumerate(parts)",
      "]",
      "counts = await wait(*handles)  # results, in order",
      "sum(counts)",
    ),
    [
      "- `delegate(name, query, ...)` returns a handle at once; `await handle` gives one result, also in a later block. `context` is text, data, a slice, or a dict of several by key.",
      "- A failed child raises: catch it, or use `await asyncio.gather(*handles, return_exceptions=True)`.",
      "- `delegate(handle, query)` gives a finished child another task in its REPL.",
    ].join("\n"),
  ].join("\n");
}

function toolCalls(): string {
  return "The functions of the host listed below are async: `text = await read_file(path)`, arguments by position or by name. What they raise can be caught.";
}

function answer(): string {
  return [
    "When you have the answer, give its value (text or JSON), which ends your task:",
    exampleBlock("await done(total)"),
  ].join("\n");
}
