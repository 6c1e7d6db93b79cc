import { expect, test } from "vitest";
import { ContainerPool } from "../src/container/container-pool.ts";
import { dockerRuntime } from "../src/index.ts";
import { resolveOptions } from "../src/resolve-options.ts";
import { describeWithEngine, IMAGE, labelled } from "./engine.ts";
import { openLanguage } from "./languages.ts";
import { closing, ReplDriver, specOf } from "./repl-driver.ts";

const LABEL = "rlmflow.test.neighbours";

function options(label: string) {
  const labels = { [LABEL]: label };
  return { image: IMAGE, language: openLanguage, share: "run", memoryMB: 256, pids: 64, labels } as const;
}

async function containers(label: string): Promise<number> {
  return (await labelled(`${LABEL}=${label}`)).filter((name) => name.startsWith("/")).length;
}

/** Kills every process that joins the container, as soon as it is there. */
const KILL_WHO_COMES = `const fs = require("fs");
  const parentOf = (pid) => { try { return fs.readFileSync("/proc/" + pid + "/stat", "utf8").split(") ")[1].split(" ")[1]; } catch {} };
  setInterval(() => {
    for (const pid of fs.readdirSync("/proc").map(Number)) {
      const isAnother = pid > 1 && pid !== process.pid && parentOf(pid) === "0";
      if (isAnother) try { process.kill(pid, "SIGKILL"); } catch {}
    }
  }, 3);
  return 1;`;

/** Takes every process that the container may have, and keeps them. */
const TAKE_ALL_PROCESSES = `const { spawn } = require("child_process");
  let isFull = false;
  for (let k = 0; k < 100 && !isFull; k += 1) {
    try { spawn("/bin/sh", ["-c", "read line"]).on("error", () => { isFull = true; }); } catch { isFull = true; }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return isFull;`;

describeWithEngine("an agent whose neighbour in the container", () => {
  test("kills whoever comes is not to blame for being killed", async () => {
    const pool = new ContainerPool(resolveOptions(options("pool")));
    await using runtime = closing(dockerRuntime(options("killer")));
    try {
      const bad = await pool.open(specOf({ agentId: "root.bad" }));
      const frames = bad.receive()[Symbol.asyncIterator]();
      await bad.send(JSON.stringify({ type: "start", entry: 1, block: JSON.stringify(KILL_WHO_COMES) }));
      await frames.next();
      expect((await frames.next()).value).toContain('"activation"');
      const good = await pool.open(specOf({ agentId: "root.good" }));
      await expect(Array.fromAsync(good.receive())).rejects.toMatchObject({
        code: "sandbox_lost",
        details: { blame: "none" },
      });
      const alone = await pool.open(specOf({ agentId: "root.good", alone: true }));
      expect((await alone.receive()[Symbol.asyncIterator]().next()).value).toContain('"hello"');
      expect(await containers("pool")).toBe(2);
    } finally {
      await pool.close();
    }
    await using bad = await ReplDriver.open(runtime, { agentId: "root.bad" });
    await bad.output(KILL_WHO_COMES);
    await using good = await ReplDriver.open(runtime, { agentId: "root.good" });
    expect(await good.output("return 6 * 7;")).toBe("42");
    expect(await containers("killer")).toBe(2);
    expect(await bad.output("return 1;")).toBe("1");
  });

  test("leaves no room for a process is given a container of its own", async () => {
    await using runtime = closing(dockerRuntime(options("full")));
    await using bad = await ReplDriver.open(runtime, { agentId: "root.bad" });
    expect(await bad.output(TAKE_ALL_PROCESSES)).toBe("true");
    await using good = await ReplDriver.open(runtime, { agentId: "root.good" });
    expect(await good.output("return 6 * 7;")).toBe("42");
  });
});
