import { readFile } from "node:fs/promises";
import { openWorkspace } from "@rlmflow/workspace";
import { collectGarbage } from "../collect-garbage.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import { finding, spelled } from "../summarize.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

/** Makes a run of about so many nodes and gives its log. */
async function writeRun(directory: string, nodes: number): Promise<{ runId: string; log: string }> {
  await using workspace = await openWorkspace(directory);
  await using flow = stubFlow({ workspace });
  const task = { kind: "tree", agents: nodes / 5, fan: 50, ask: false };
  const { graph } = await flow.run(JSON.stringify(task));
  const { runId } = graph.run;
  return { runId, log: workspace.branchPaths(runId).log };
}

interface Sample {
  readonly parse: number;
  readonly open: number;
  readonly load: number;
}

async function sampleOpening(directory: string, runId: string, lines: readonly string[]): Promise<Sample> {
  await collectGarbage();
  const startedAt = performance.now();
  const parsed = lines.map((line): unknown => JSON.parse(line));
  const parse = performance.now() - startedAt;
  if (parsed.length !== lines.length) throw new TypeError("A line was lost.");
  parsed.length = 0;
  await collectGarbage();
  await using workspace = await openWorkspace(directory);
  const loadedAt = performance.now();
  await workspace.load(runId);
  const load = performance.now() - loadedAt;
  await collectGarbage();
  // Another workspace: this one would hand on the log that it has just loaded.
  await using another = await openWorkspace(directory);
  const openedAt = performance.now();
  await another.openRun(runId);
  return { parse, load, open: performance.now() - openedAt };
}

async function measureIn(directory: string, { runs, quick }: Effort): Promise<readonly Finding[]> {
  const nodes = quick ? 10_000 : 100_000;
  const { runId, log } = await writeRun(directory, nodes);
  const text = await readFile(log, "utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  await sampleOpening(directory, runId, lines);
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run++) samples.push(await sampleOpening(directory, runId, lines));
  const times = (of: (sample: Sample) => number) => spelled(samples.map(of), "ms");
  const size = (text.length / 2 ** 20).toFixed(0);
  const detail = `a log of ${nodes.toLocaleString("en")} nodes, ${size} MiB: JSON.parse of its lines, which are in memory, ${times(({ parse }) => parse)}; reading, checking and indexing it as a graph ${times(({ load }) => load)}; opening it for writing, without a graph, ${times(({ open }) => open)}`;
  return [
    finding(
      samples.map(({ load, parse }) => load / parse),
      {
        what: "opening a 100,000-node log, over JSON.parse of its lines",
        unit: "x",
        bar: 3.5,
        detail,
        limitedBy: "the checks of every field of every node",
      },
    ),
  ];
}

/** How long a large run takes to open. */
export const opening: Row = {
  id: 8,
  title: "opening a 100,000-node log",
  measure: (effort) => inTemporaryDirectory((directory) => measureIn(directory, effort)),
};
