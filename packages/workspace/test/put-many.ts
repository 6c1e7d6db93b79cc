import { openWorkspace } from "@rlmflow/workspace";

/*
 * node put-many.ts <directory> <runId> <name> <count>
 * Puts entries into the run's inbox one after another, and prints `put <count>` when all are there.
 */

const [directory = "", runId = "", name = "", count = "0"] = process.argv.slice(2);
const workspace = await openWorkspace(directory);
const inbox = await workspace.inbox(runId);
for (let index = 0; index < Number(count); index++)
  await inbox.put({
    kind: "say",
    agentId: "root",
    text: `${name} ${index} ${"x".repeat((index * 977) % 9000)}`,
  });
console.log(`put ${count}`);
