import { writeSync } from "node:fs";
import { openWorkspace } from "@rlmflow/workspace";
import { observation, run } from "./observation.ts";

/*
 * node append-forever.ts <directory> <runId> <agents> <durability>
 * Agents append as fast as they can until the process is killed; each acknowledged append is printed as
 * `<agent> <n>` only after its promise has resolved, and a blob is put before every tenth.
 */

const [directory = "", runId = "", agents = "1", durability = "flush"] = process.argv.slice(2);
const workspace = await openWorkspace(directory, { durability: durability === "fsync" ? "fsync" : "flush" });
const opened = (await workspace.runs()).some((summary) => summary.runId === runId);
const store = opened ? await workspace.openRun(runId) : await workspace.createRun(run(runId));

const nextN = new Map<string, number>();
for (const node of await store.read()) nextN.set(node.agentId, node.n + 1);
writeSync(1, `open ${store.repaired.droppedBytes}\n`);

async function act(agent: string): Promise<never> {
  for (let n = nextN.get(agent) ?? 0; ; n++) {
    let content = `${agent} ${n} ${"x".repeat((n * 7919) % 3000)}`;
    if (n % 10 === 9) content = `blob ${(await store.payloads.putBlob(JSON.stringify(content))).digest}`;
    await store.append(agent, n, [observation(agent, n, content)]);
    writeSync(1, `${agent} ${n}\n`);
  }
}

await Promise.all(Array.from({ length: Number(agents) }, (_, index) => act(`root.a${index}`)));
