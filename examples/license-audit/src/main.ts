// Audits the licences of everything this repository has installed, with a tree of agents, and checks their
// answer against a plain count.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RLMFlow } from "@rlmflow/core";
import { fileTools } from "@rlmflow/tools";
import { openWorkspace } from "@rlmflow/workspace";
import rules from "./license-rules.json" with { type: "json" };
import { readOptions } from "./options.ts";
import { outline } from "./outline.ts";
import { plainCount } from "./plain-count.ts";
import { prepareWorkspace } from "./prepare-workspace.ts";
import { progressOf } from "./progress.ts";
import { describeReport, reportDifferences, reportSchema } from "./report.ts";
import { task } from "./task.ts";

const options = await readOptions();
console.log(
  options.realModel
    ? `The model is ${options.client.model}.`
    : "No model is asked: its replies are read from src/scripted-replies. Their code is run for real.",
);

// 1. The input: package.json and licence texts of every installed package, copied where agents may read them.
const directory = await mkdtemp(join(tmpdir(), "license-audit-"));
const folders = await prepareWorkspace(options.store, directory);
console.log(`${folders.length} installed packages were copied to ${directory}\n`);

// 2. The run. Agents get the list as CONTEXT, the rules as a variable, and tools that read below `directory`.
await using flow = new RLMFlow({
  client: options.client,
  runtime: options.runtime,
  tools: fileTools(directory, { readOnly: true }),
  workspace: await openWorkspace(directory),
  globals: { LICENSE_RULES: rules },
});
const run = flow.run(task, { context: folders.join("\n"), output: reportSchema });

// 3. Progress while it runs, then the answer: checked against `reportSchema`, so it is typed.
const progress = progressOf();
for await (const event of run) progress(event);
const { answer, graph, usage } = await run;

console.log(`\n${outline(graph).join("\n")}`);
const tokens = `${usage.input} + ${usage.output} tokens${options.realModel ? "" : " (estimated)"}`;
console.log(`${graph.agentCount} agents, ${usage.requests} requests, ${tokens}`);
console.log(`Look at it: npm run --silent rlmflow -- render ${directory} (with -f md every node whole)\n`);

// 4. The answer, and the same report without agents.
console.log(describeReport(answer).join("\n"));
const differences = reportDifferences(await plainCount(directory, rules), answer);
if (differences.length === 0) {
  console.log("\nA plain count of the same files gives the same report.");
} else {
  console.error(`A plain count (-) and the agents (+) disagree:\n${differences.join("\n")}`);
  process.exitCode = 1;
}
