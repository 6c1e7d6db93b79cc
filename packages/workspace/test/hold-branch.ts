import { openWorkspace } from "@rlmflow/workspace";

/*
 * node hold-branch.ts <directory> <runId> [wait|once]
 * Opens a branch for writing, prints `held` or the error's code, and holds it until it is killed. With
 * `wait` it prints `ready` and waits for its input to end, so that several can try at once. With `once` it exits.
 */

const [directory = "", runId = "", wait = ""] = process.argv.slice(2);
const workspace = await openWorkspace(directory);
if (wait === "wait") {
  console.log("ready");
  for await (const _ of process.stdin);
}
try {
  await workspace.openRun(runId);
  console.log("held");
} catch (error) {
  console.log(error instanceof Error && "code" in error ? error.code : error);
}
if (wait === "once") process.exit();
setInterval(() => undefined, 1000);
