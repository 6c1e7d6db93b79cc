import { type ContextsInput, type QueryNode, RLMFlow, type Runtime, type Tool } from "@rlmflow/core";
import { pythonLanguage } from "@rlmflow/repl-python";
import { localRuntime } from "@rlmflow/runtime-local";
import { subprocessRuntime } from "@rlmflow/runtime-subprocess";
import { scriptedClient } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { afterAll, describe, expect, test } from "vitest";

const runtimes = { JavaScript: localRuntime(), Python: subprocessRuntime({ language: pythonLanguage }) };

afterAll(async () => {
  for (const runtime of Object.values(runtimes)) await runtime.close();
});

/** The blocks of code in a prompt. */
function blocksOf(prompt: string): readonly string[] {
  return [...prompt.matchAll(/^```repl\n.*?\n```$/gms)].map(([block]) => block);
}

/** Sends an agent the examples of its own prompt, one a reply; gives what went wrong and what it answered. */
async function runExamples(runtime: Runtime, context: ContextsInput | undefined, tools: Tool[]) {
  let sent = 0;
  const client = scriptedClient(({ purpose, agentId, messages }) => {
    if (purpose === "query") return "4";
    const blocks = blocksOf(messages[0]?.content ?? "");
    if (agentId !== "root") return '```repl\nawait done("x")\n```';
    return blocks[sent++] ?? "no more examples";
  });
  await using flow = new RLMFlow({ client, runtime, tools, closeRuntimes: false });
  const { answer, graph } = await flow.run("Try the examples.", context === undefined ? {} : { context });
  const chain = graph.chain("root");
  const query = chain.find((node): node is QueryNode => node.type === "query");
  return {
    answer,
    wrong: chain.filter((node) => node.type === "error").map(({ content }) => content),
    unsent: blocksOf(query?.systemPrompt ?? "").length - sent,
  };
}

const log = "ok\nERROR disk full\nok\nWarning: hot\n".repeat(40);
const inputs: readonly (readonly [string, ContextsInput | undefined])[] = [
  ["no context", undefined],
  ["one context", log],
  ["several contexts", { 'the "first".txt': log, second: "ok" }],
  ["a key that can't be shown", { "\u202e```\n": log, second: "ok" }],
];

describe.each(Object.entries(runtimes))("%s: the prompt's own examples", (_, runtime) => {
  test.each(inputs)("run as they stand, with %s", async (_name, context) => {
    expect(await runExamples(runtime, context, [])).toEqual({ answer: "Tuesday", wrong: [], unsent: 0 });
  });

  test("run as they stand, with file tools", async () => {
    const result = await runExamples(runtime, undefined, fileTools("."));
    expect(result).toEqual({ answer: "Tuesday", wrong: [], unsent: 0 });
  });
});
