import { appendFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { openaiClient } from "@rlmflow/clients/openai";
import { defineTool, RLMError, RLMFlow } from "@rlmflow/core";
import { openWorkspace } from "@rlmflow/workspace";

/*
 * node crash-child.ts <directory> <runId> <url> <isolated|local> <flush|fsync>
 * Runs or resumes the run of model-script.ts. Each line it prints ends with `;` and is printed before
 * anything else happens: `up`, `recovered <json>`, `node <id>` for each node it hears of, `answer <json>`.
 */

const [directory = "", runId = "", url = "", runtimeName = "", durability = ""] = process.argv.slice(2);

function tell(line: string): void {
  writeSync(1, `${line};\n`);
}

const input = { type: "object", properties: { what: { type: "string" } }, required: ["what"] } as const;

const lookup = defineTool({
  name: "lookup",
  description: "Looks something up.",
  input,
  repeat: "safe",
  async run({ what }: { what: string }) {
    await sleep(crc32(what) % 15);
    return `<${what}>`;
  },
});

/** Leaves a mark in the world, which must not be left twice. */
const record = defineTool({
  name: "record",
  description: "Records something for good.",
  input,
  repeat: "never",
  async run({ what }: { what: string }, { effectKey }) {
    await sleep(crc32(what) % 10);
    appendFileSync(join(directory, "recorded"), `${effectKey}\n`);
    await sleep(crc32(what) % 20);
    return true;
  },
});

async function openRuntime() {
  if (runtimeName === "local") return (await import("@rlmflow/runtime-local")).localRuntime();
  return (await import("@rlmflow/runtime-isolated")).isolatedRuntime();
}

const runtime = await openRuntime();
const client = openaiClient({ model: "loopback", baseURL: url, apiKey: "none" });
tell("up");
await using workspace = await openWorkspace(directory, {
  durability: durability === "fsync" ? "fsync" : "flush",
});
await using flow = new RLMFlow({ client, runtime, workspace, tools: [lookup, record] });
const graph = await workspace.load(runId).catch((error: unknown) => {
  if (RLMError.is(error, "not_found")) return null;
  throw error;
});
// A process that was killed before the first node has left a run that holds nothing.
const isNew = graph === null || graph.length === 0;
const run = isNew ? flow.run("Survey it all.", { runId }) : flow.resume(graph);
const resumed = await run.resumed();
if (resumed !== null) tell(`recovered ${JSON.stringify(resumed)}`);
for await (const event of run) if (event.type === "node") tell(`node ${event.node.id}`);
tell(`answer ${JSON.stringify((await run).answer)}`);
