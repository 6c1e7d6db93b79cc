// Finds one line in 500 files with a tree of agents.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { RLMFlow } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { fileTools } from "@rlmflow/tools";
import { openWorkspace } from "@rlmflow/workspace";
import * as z from "zod";
import { generateFiles } from "./generate-files.ts";
import { scriptedModel } from "./scripted-model.ts";

const directory = await mkdtemp(join(tmpdir(), "needle-"));
const needle = await generateFiles(directory, { files: 500, linesPerFile: 40, seed: 500 });
console.log(
  "No model is asked: its replies are read from src/scripted-replies. Their code is run for real.\n",
);

await using flow = new RLMFlow({
  client: scriptedModel(),
  runtime: isolatedRuntime(),
  tools: fileTools(directory, { readOnly: true }),
  workspace: await openWorkspace(directory),
});

const { answer, graph, usage } = await flow.run(
  "The folder logs/ holds a few hundred files. Exactly one line in them states a vault code that has not expired. Give its file (as logs/NAME), its line, counted from 1, and the code.",
  { output: z.strictObject({ file: z.string(), line: z.int(), code: z.string() }) },
);

console.log(graph.tree());
console.log(`\n${graph.agentCount} agents, ${usage.requests} requests`);
console.log(`The run is kept in ${join(directory, ".rlmflow", "runs", graph.run.runId)}`);
console.log(`Found ${answer.code} in ${answer.file}, line ${answer.line}.`);

if (!isDeepStrictEqual(answer, needle)) {
  console.error(`That is wrong: ${needle.code} was hidden in ${needle.file}, line ${needle.line}.`);
  process.exitCode = 1;
}
