import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadTrace, ROOT } from "@rlmflow/core";
import { checkRun } from "@rlmflow/core/testing";
import { localRuntime } from "@rlmflow/runtime-local";
import { expect, test } from "vitest";
import { isolatedRuntime } from "../../src/index.ts";

const GOLDEN = join(import.meta.dirname, "../../../core/test/golden/format-1/trace.json");

test.each([
  ["in isolates", isolatedRuntime],
  ["in this process", localRuntime],
])("a run that was recorded in format 1 is rebuilt %s", async (_where, make) => {
  const runtime = make();
  try {
    const { graph, stores } = await loadTrace(readFileSync(GOLDEN, "utf8"));
    const store = await stores.openRun(graph.run.runId, graph.branch);
    const first = graph.chainAt(ROOT, 0);
    const recorded = first?.type === "query" ? first.kernel.engine : "";
    // On another engine a replay is best-effort: the laws that need none hold there, too.
    const isSame = recorded === runtime.kernel.engine;
    await checkRun(graph, { store, ...(isSame && { runtimes: { default: runtime } }) });
    expect(recorded).toMatch(/^v8 /);
  } finally {
    await runtime.close();
  }
});
