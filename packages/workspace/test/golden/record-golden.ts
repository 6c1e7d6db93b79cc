import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveTrace } from "@rlmflow/core";
import { FORMAT } from "@rlmflow/core/store";
import { localRuntime } from "@rlmflow/runtime-local";
import { openWorkspace } from "../../src/index.ts";
import { recordRun } from "./record-run.ts";

/*
 * Records the golden run of the current format, for as long as the format may still change:
 * `node --import ./test/source-hooks.ts test/golden/record-golden.ts`, in packages/workspace.
 */

const golden = join(import.meta.dirname, `format-${FORMAT}`);
const trace = join(import.meta.dirname, "../../../core/test/golden", `format-${FORMAT}`);
const directory = await mkdtemp(join(tmpdir(), "rlmflow-golden-"));
const runtime = localRuntime({ timeMs: 500 });
const workspace = await openWorkspace(directory);
const graph = await recordRun(workspace, runtime);
const text = await saveTrace(graph, workspace);
await workspace.close();
await runtime.close();
for (const made of [golden, trace]) {
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { recursive: true });
}
await cp(join(directory, ".rlmflow"), join(golden, "rlmflow"), { recursive: true });
await writeFile(join(trace, "trace.json"), text);
await rm(directory, { recursive: true });
