import type { LanguagePromptOptions, PromptSection } from "@rlmflow/core/driver";
import { exampleBlock, keyExample, teachingSections } from "@rlmflow/repl/driver";

/** The sections of the system prompt that teach this REPL: examples first, rules after them. */
export function promptSections(options: LanguagePromptOptions): readonly PromptSection[] {
  return teachingSections({ repl, context, models, delegation, toolCalls, answer }, options);
}

function repl({ hasTools }: LanguagePromptOptions): string {
  const outside = hasTools ? " Files and network only by functions of the host." : "";
  return [
    "Write one block of Python per reply, in a fence tagged `repl`:",
    exampleBlock(
      "import re",
      'words = re.findall(r"\\w+", "to be or not to be")',
      'print("words:", len(words))',
      "set(words)",
    ),
    [
      "- You are shown what `print` wrote and the value of a last expression.",
      "- Names are kept for later blocks; VARIABLES() lists them. A block that raises keeps what it set before.",
      `- \`await\` works at the top level, without asyncio.run; asyncio is imported. The standard library is there.${outside}`,
      '- A line of three backticks would end the block; write "`" * 3 instead.',
    ].join("\n"),
  ].join("\n");
}

function context(options: LanguagePromptOptions): string {
  const { severalContexts } = options;
  const object = severalContexts ? "doc" : "CONTEXT";
  const lines = [
    "import re",
    ...(severalContexts ? [`doc = CONTEXT.get(${keyExample(options)})  # CONTEXT.keys() lists them`] : []),
    `print(${object}.read(0, 1000))  # characters from, to`,
    `print("\\n".join(${object}.lines(0, 20)))  # lines from, to`,
    `for hit in ${object}.grep(re.compile("error|warning", re.I), 20):`,
    "    print(hit.line, hit.start, hit.text)",
  ];
  return [
    "CONTEXT is the input, read synchronously:",
    exampleBlock(...lines),
    `- \`grep(pattern, max=100)\` takes a str as it stands. \`start\` is the position in ${object}, \`text\` the line or, of a long line, the part around the match.`,
    `- \`text()\` and \`lines()\` give all, \`len()\` and \`line_count()\` say how much that is. \`slice(start, end)\` stands for a part without reading it, \`chunks(size)\` is all in slices of that many characters, lines cut too; a slice's \`text()\` reads it.`,
  ].join("\n");
}

function models(): string {
  return [
    "A model without a REPL answers one prompt, or many at once:",
    exampleBlock(
      'weights = await llm_query_batched([f"Weight in kg of a {name}" for name in ("cat", "cow")])',
      'note = await llm_query("Summarize in one sentence:\\n" + "\\n".join(weights))',
    ),
    "Either takes `output=schema` for JSON that fits a JSON Schema, a dict. A failed one of many leaves its exception in its place.",
  ].join("\n");
}

/** Parts of the input as an agent with this input would make them, or parts of a task where there is no input. */
function delegateExample({ hasContext, severalContexts }: LanguagePromptOptions): string {
  if (!hasContext)
    return exampleBlock(
      "handles = [",
      '    delegate(topic, f"Name the {topic} of moving a shop.", output={"type": "string"})',
      '    for topic in ("cost", "risk")',
      "]",
      "cost, risk = await wait(*handles)  # results, in order",
    );
  const parts = severalContexts
    ? "[CONTEXT.get(key) for key in CONTEXT.keys()]"
    : "CONTEXT.chunks(len(CONTEXT) // 8 + 1)";
  return exampleBlock(
    `parts = ${parts}`,
    "handles = [",
    '    delegate(f"part_{i}", "What is the worst problem?", context=part, output={"type": "string"})',
    "    for i, part in enumerate(parts)",
    "]",
    "worst = await wait(*handles)  # results, in order",
    'print("\\n".join(worst))',
  );
}

function delegation(options: LanguagePromptOptions): string {
  return [
    "A child is an agent like you, with a REPL and only the context you give it. Children run side by side:",
    delegateExample(options),
    [
      "- `delegate(name, query, ...)` returns a handle at once; `await handle` gives one result, also in a later block.",
      "- Options: `context` (text, data, a slice, or a dict of several by key), `output`, `globals` (its variables), `max_iterations`, `max_total_tokens`, `max_cost_usd`.",
      "- A failed child raises: catch it, or use `await asyncio.gather(*handles, return_exceptions=True)`.",
      "- `delegate(handle, query)` gives a finished child another task in its REPL.",
    ].join("\n"),
  ].join("\n");
}

function toolCalls(): string {
  return "The functions of the host listed below are async: `await` each; arguments by position or by name. What they raise can be caught.";
}

function answer(): string {
  return [
    "When you have the answer, give its value (str, number, bool, None, list or dict), which ends your task:",
    exampleBlock('answer = "Tuesday"', "await done(answer)"),
  ].join("\n");
}
