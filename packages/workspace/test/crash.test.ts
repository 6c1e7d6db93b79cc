import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Workspace } from "../src/index.ts";
import { nextLine, startScript } from "./child-process.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Runs a writer until the moment, kills it, and gives what it had acknowledged: the last n of each agent. */
async function writeAndKill(args: readonly string[], milliseconds: number): Promise<Map<string, number>> {
  const writer = startScript("append-forever.ts", args);
  expect(await nextLine(writer)).toMatch(/^open \d+$/);
  const killed = sleep(milliseconds).then(() => writer.process.kill("SIGKILL"));
  const acknowledged = new Map<string, number>();
  for await (const line of writer.lines) {
    const [, agent, n] = /^(\S+) (\d+)$/.exec(line) ?? [];
    if (agent !== undefined) acknowledged.set(agent, Number(n));
  }
  await killed;
  expect(await writer.ended).toBe("SIGKILL");
  return acknowledged;
}

describe.each([
  { durability: "flush", agents: 1 },
  { durability: "flush", agents: 50 },
  { durability: "fsync", agents: 20 },
])(
  "a writer with durability $durability and $agents agents, killed again and again",
  ({ durability, agents }) => {
    test("has everything it acknowledged in the log, without a gap, and goes on", {
      timeout: 300_000,
    }, async () => {
      const directory = await temporaryDirectory();
      let total = 0;
      for (let seed = 1; seed <= 5; seed++) {
        const milliseconds = 20 + ((seed * 7919) % 180);
        const acknowledged = await writeAndKill([directory, "run", String(agents), durability], milliseconds);
        const workspace = await openedWorkspace(directory);
        const { nodes, texts } = await readAll(workspace);
        for (const [agent, n] of acknowledged) {
          const log = nodes.get(agent) ?? [];
          expect(log).toEqual(Array.from(log.keys()));
          expect(log.length, `${agent} at seed ${seed}`).toBeGreaterThan(n);
        }
        for (const text of texts) expect(await workspace.payloads.getBlob(text.slice(5))).toMatch(/^"root/);
        total = [...nodes.values()].reduce((sum, log) => sum + log.length, 0);
      }
      expect(total).toBeGreaterThan(agents);
    });
  },
);

async function readAll(workspace: Workspace) {
  const nodes = new Map<string, number[]>();
  const texts: string[] = [];
  for (const node of await (await workspace.reader("run")).next()) {
    const log = nodes.get(node.agentId) ?? [];
    log.push(node.n);
    nodes.set(node.agentId, log);
    if (node.type === "observation" && node.content.startsWith("blob ")) texts.push(node.content);
  }
  return { nodes, texts: texts.slice(-50) };
}

describe("while a process writes", () => {
  test("a reader sees a growing prefix and never a torn line", async () => {
    const directory = await temporaryDirectory();
    const writer = startScript("append-forever.ts", [directory, "run", "20", "flush"]);
    await nextLine(writer);
    const workspace = await openedWorkspace(directory);
    const follower = await workspace.reader("run");
    const seen = [...(await follower.next())];
    for (let round = 0; round < 40; round++) {
      await sleep(5);
      seen.push(...(await follower.next()));
    }
    const whole = await (await workspace.reader("run")).next();
    expect(seen.length).toBeGreaterThan(20);
    expect(whole.slice(0, seen.length)).toEqual(seen);
    writer.process.kill("SIGKILL");
    await writer.ended;
  });

  test("another process writes another run of the same workspace", async () => {
    const directory = await temporaryDirectory();
    const [one, two] = await Promise.all([
      writeAndKill([directory, "one", "10", "flush"], 300),
      writeAndKill([directory, "two", "10", "flush"], 300),
    ]);
    const workspace = await openedWorkspace(directory);
    expect((await workspace.runs()).map(({ runId }) => runId).sort()).toEqual(["one", "two"]);
    for (const [runId, acknowledged] of [["one", one] as const, ["two", two] as const]) {
      const nodes = await (await workspace.reader(runId)).next();
      for (const [agent, n] of acknowledged) {
        expect(nodes.filter(({ agentId }) => agentId === agent).length).toBeGreaterThan(n);
      }
    }
  });
});
