import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadTrace, ROOT } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { isolatedRuntime } from "../../src/index.ts";

const GOLDEN = join(import.meta.dirname, "../../../core/test/golden");
const formats = readdirSync(GOLDEN).filter((name) => name.startsWith("format-"));

test.each(
  formats.flatMap((format) => [
    [format, "in isolates", isolatedRuntime] as const,
    [format, "in this process", localRuntime] as const,
  ]),
)("a run that was recorded in %s is rebuilt %s", async (format, _where, make) => {
  const runtime = make();
  try {
    const { graph, stores } = await loadTrace(readFileSync(join(GOLDEN, format, "trace.json"), "utf8"));
    const store = await stores.openRun(graph.run.runId, graph.branch);
    const first = graph.chainAt(ROOT, 0);
    const recorded = first?.type === "query" ? first.language.engine : "";
    // On another engine a replay is best-effort: the laws that need none hold there, too.
    const isSame = recorded === runtime.language.engine;
    await checkRun(graph, { store, ...(isSame && { runtimes: { default: runtime } }) });
    expect(recorded).toMatch(/^v8 /);
  } finally {
    await runtime.close();
  }
});
