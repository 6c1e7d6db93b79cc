import { RLMFlow, type Runtime } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { isolatedRuntime } from "../src/index.ts";

const BLOCKS = 4;

/** Four blocks that need each other's variables. */
const client = scriptedClient(({ turn }) => {
  const code =
    turn === 0 ? "let sum = 1;" : turn < BLOCKS - 1 ? `sum += ${turn};` : "await done(sum + BLOCKS);";
  return `\`\`\`repl\n${code}\n\`\`\``;
});

/** The runtime, with the number of REPLs that each run had. */
function counted(runtime: Runtime): { readonly runtime: Runtime; readonly opened: Map<string, number> } {
  const opened = new Map<string, number>();
  const open: Runtime["open"] = (spec) => {
    opened.set(spec.group, (opened.get(spec.group) ?? 0) + 1);
    return runtime.open(spec);
  };
  return { runtime: { ...runtime, open }, opened };
}

test.each([
  { runs: 12, options: { maxProcesses: 4 } },
  { runs: 12, options: { maxProcesses: 1, agentsPerProcess: 1 } },
  { runs: 12, options: { maxProcesses: 2, reuseProcesses: false } },
  { runs: 24, options: { maxProcesses: 2, shareProcesses: true } },
])(
  "$runs runs of four blocks all finish with $options",
  async ({ runs, options }) => {
    const { runtime, opened } = counted(isolatedRuntime(options));
    await using flow = new RLMFlow({ client, runtime, globals: { BLOCKS } });
    const results = await Promise.all(Array.from({ length: runs }, (_, index) => flow.run(`Run ${index}.`)));
    expect(results.map(({ answer }) => answer)).toEqual(Array.from({ length: runs }, () => 8));
    // Nobody's REPL is closed for somebody else's: each run has one, from its beginning to its end.
    expect([...opened.values()]).toEqual(Array.from({ length: runs }, () => 1));
  },
  120_000,
);
