/*
 * node host.ts repls|flow <image> <label> none|run <directory>
 * Opens REPLs in which code computes without end, or runs a flow that waits for a tool; says so, and stays until it
 * is killed.
 */
import { openWorkspace } from "@rlmflow/workspace";
import { dockerRuntime } from "../../src/index.ts";
import { heldFlow } from "../held-flow.ts";
import { openLanguage } from "../languages.ts";
import { ReplDriver } from "../repl-driver.ts";

const [what = "", image = "", label = "", share = "", directory = ""] = process.argv.slice(2);
const options = { image, labels: { [label]: "" }, share: share === "run" ? "run" : "agent" } as const;

async function openRepls(): Promise<void> {
  const runtime = dockerRuntime({ ...options, language: openLanguage, warm: 1, times: { wallMs: 600_000 } });
  const repls = [await ReplDriver.open(runtime), await ReplDriver.open(runtime, { agentId: "root.b" })];
  void repls[0]?.start("for (;;);");
  void repls[1]?.start("await new Promise(() => {});");
  console.log("open");
}

async function runFlow(): Promise<void> {
  const workspace = await openWorkspace(directory);
  const flow = heldFlow(dockerRuntime(options), workspace, () => {
    console.log("open");
    return new Promise<never>(() => {});
  });
  await flow.run("What is held?");
}

await (what === "flow" ? runFlow() : openRepls());
setInterval(() => {}, 60_000);
