import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openWorkspace } from "@rlmflow/workspace";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, docker, IMAGE, labelled } from "./engine.ts";
import { heldFlow } from "./held-flow.ts";
import { closing, ReplDriver } from "./repl-driver.ts";

const HOOKS = join(import.meta.dirname, "../../../test/resolve-sources.ts");
const HOST = join(import.meta.dirname, "programs/host.ts");

/** Starts a host process and gives it when its REPLs are open. */
async function startHost(what: "repls" | "flow", label: string, share: string, directory = "") {
  const child = spawn(process.execPath, ["--import", HOOKS, HOST, what, IMAGE, label, share, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  expect(line).toBe("open");
  return child;
}

async function kill(child: Awaited<ReturnType<typeof startHost>>): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function running(label: string): Promise<number> {
  return (await docker.listContainers({ filters: { label: [label] } })).length;
}

describeWithEngine("what a killed process leaves behind", () => {
  afterAll(async () => {
    await using runtime = closing(dockerRuntime({ image: IMAGE }));
    await ReplDriver.open(runtime);
  });

  test.each(["none", "run"] as const)(
    "is gone when the next runtime has opened a REPL (share: %s)",
    { timeout: 300_000 },
    async (share) => {
      const label = `rlmflow.test.sweep.${share}.${process.pid}`;
      const host = await startHost("repls", label, share);
      await expect.poll(() => running(label)).toBe(share === "run" ? 2 : 3);
      await kill(host);
      await using runtime = closing(dockerRuntime({ image: IMAGE }));
      await ReplDriver.open(runtime);
      expect(await labelled(label)).toEqual([]);
    },
  );

  test("stops by itself where no code computes", async () => {
    const label = `rlmflow.test.sweep.stops.${process.pid}`;
    const directory = mkdtempSync(join(tmpdir(), "rlmflow-sweep-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const host = await startHost("flow", label, "none", directory);
    expect(await running(label)).toBe(1);
    await kill(host);
    await expect.poll(() => running(label)).toBe(0);

    await using workspace = await openWorkspace(directory);
    const runtime = dockerRuntime({ image: IMAGE, labels: { [label]: "" } });
    const flow = heldFlow(runtime, workspace, async () => 2);
    const { answer } = await flow.resume(await workspace.load());
    expect(answer).toBe(42);
    await flow.close();
    expect(await labelled(label)).toEqual([]);
  });

  test("does not include what a live process holds", async () => {
    const label = `rlmflow.test.sweep.live.${process.pid}`;
    const host = await startHost("repls", label, "none");
    const before = await labelled(label);
    await using runtime = closing(dockerRuntime({ image: IMAGE }));
    await ReplDriver.open(runtime);
    expect(before.length).toBeGreaterThan(0);
    // The live process may have started a spare one meanwhile.
    expect(await labelled(label)).toEqual(expect.arrayContaining([...before]));
    await kill(host);
  });
});
