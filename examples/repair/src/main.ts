// A run gives a wrong answer because one block of code is wrong. A fork runs better code in its place; a model is
// asked only for what comes after it.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RLMFlow } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { openWorkspace } from "@rlmflow/workspace";
import { scriptedModel } from "./scripted-model.ts";

const bills = "paper;1.234,50\nink;80,00\ndesk;2.000,25\n";
const asked: string[] = [];

await using workspace = await openWorkspace(await mkdtemp(join(tmpdir(), "repair-")));
await using flow = new RLMFlow({
  client: scriptedModel((who) => asked.push(who)),
  runtime: isolatedRuntime(),
  workspace,
});

console.log(
  "No model is asked: its replies are written down in src/scripted-model.ts. Their code is run for real.\n",
);

const wrong = await flow.run("What do the bills come to?", { context: bills });
console.log("wrong:", JSON.stringify(wrong.answer), `after ${asked.length} requests`);

// The reply that holds the mistake: it is found, and what was wrong with it is a matter of one line.
const mistake = wrong.graph
  .chain("root")
  .find((node) => node.type === "action" && node.code?.includes("parseFloat"));
if (mistake === undefined) throw new Error("The mistake is gone: look at src/scripted-model.ts.");

asked.length = 0;
const code =
  "const amounts = lines.map((line) => Number(line.split(';')[1].replaceAll('.', '').replace(',', '.')));";
const fork = await workspace.fork({
  at: mistake.id,
  name: "repaired",
  edits: [{ kind: "code", agentId: "root", code }],
});
console.log(`forked at ${mistake.id}: ${fork.kept} nodes kept, ${fork.dropped} dropped, 0 tokens`);

const right = await flow.resume(fork.graph);
console.log("right:", JSON.stringify(right.answer), `after ${asked.length} more: ${asked.join("; ")}`);
console.log(`\nSee both: rlmflow diff main repaired --dir ${workspace.directory}`);
