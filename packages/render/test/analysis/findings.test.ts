import { RLMFlow } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { type FindingKind, findings } from "../../src/index.ts";

const block = (code: string) => `\`\`\`repl\n${code}\n\`\`\``;

/** What is found in a run of a scripted model, as `kind agent`. */
async function found(
  script: Readonly<Record<string, readonly string[]>>,
  context?: string,
): Promise<readonly string[]> {
  const client = scriptedClient(
    Object.fromEntries(Object.entries(script).map(([agent, codes]) => [agent, codes.map(block)])),
  );
  await using flow = new RLMFlow({
    client,
    runtime: localRuntime(),
    config: { maxIterations: 3, maxOutputLength: 300 },
  });
  const ended = flow.run("Go.", context === undefined ? {} : { context });
  const { graph } = await ended.catch((error: { readonly graph: Awaited<typeof ended>["graph"] }) => error);
  return findings(graph).map(({ kind, agentId }) => `${kind} ${agentId}`);
}

const CASES: readonly (readonly [
  FindingKind | "nothing",
  Record<string, string[]>,
  string | undefined,
  string[],
])[] = [
  ["nothing", { root: ["print(CONTEXT.read(0, 10)); await done(1)"] }, "0123456789", []],
  [
    "failed",
    { root: ["throw new Error('a')", "throw new Error('b')", "throw new Error('c')"] },
    undefined,
    ["failed root"],
  ],
  [
    "failed_child",
    {
      root: ["try { await delegate('a', 'A') } catch {} ; await done(1)"],
      "root.a": ["throw new Error('a')", "throw new Error('b')"],
    },
    undefined,
    ["failed root.a", "failed_child root"],
  ],
  [
    "never_awaited",
    { root: ["const child = delegate('a', 'A'); print('x')", "await done(1)"], "root.a": ["await done(2)"] },
    undefined,
    ["never_awaited root.a"],
  ],
  [
    "unread_context",
    { root: ["print(CONTEXT.read(0, 4))", "await done(1)"] },
    "0123456789",
    ["unread_context root"],
  ],
  [
    "unread_part",
    {
      root: ["await done(await delegate('a', 'A', { context: CONTEXT.slice(0, 10) }) + CONTEXT.read(0, 10))"],
      "root.a": ["await done('blind')"],
    },
    "0123456789",
    ["unread_part root.a"],
  ],
  ["cut_output", { root: ["print('x'.repeat(5000))", "await done(1)"] }, undefined, ["cut_output root"]],
  [
    "same_query",
    {
      root: [
        "await done(await Promise.all([delegate('a', 'Same'), delegate('b', 'Same'), delegate('c', 'Other')]))",
      ],
      "root.a": ["await done(1)"],
      "root.b": ["await done(1)"],
      "root.c": ["await done(1)"],
    },
    undefined,
    ["same_query root.a"],
  ],
];

describe("what is worth a look in a run", () => {
  test.each(CASES)("%s", async (_, script, context, expected) => {
    expect(await found(script, context)).toEqual(expected);
  });
});
