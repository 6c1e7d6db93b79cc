import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Client, type Graph, RLMFlow, type RunNode } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { checkRun } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { openWorkspace } from "@rlmflow/workspace";
import { afterAll, beforeAll, expect, test } from "vitest";
import rules from "../src/license-rules.json" with { type: "json" };
import { prepareWorkspace } from "../src/prepare-workspace.ts";
import { reportSchema } from "../src/report.ts";
import { scriptedModel } from "../src/scripted-model.ts";
import { task } from "../src/task.ts";

const KILLS = 10;
/** Time a sandbox process may take to start on a busy machine. */
const START_MS = 700;
/** Longest time a reply takes, so that agents are killed while others think. */
const REPLY_MS = 300;

let directory: string;
let folders: readonly string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "license-audit-killed-"));
  folders = await prepareWorkspace(join(import.meta.dirname, "../../../node_modules/.pnpm"), directory);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** A number below `bound`, the same in every run of the test. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % bound;
  };
}

/** Process ids of the sandboxes that this process has started, other tests' workers and itself apart. */
function sandboxes(): readonly number[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    try {
      const parent = Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]);
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return parent === process.pid && command.includes("--permission") ? [pid] : [];
    } catch {
      return [];
    }
  });
}

/** Kills a sandbox process that is up every so often, until told to stop; gives how many died. */
function killer(random: (bound: number) => number): () => number {
  let killed = 0;
  const firstSeen = new Map<number, number>();
  const timer = setInterval(() => {
    const now = performance.now();
    const pids = sandboxes();
    for (const pid of pids) if (!firstSeen.has(pid)) firstSeen.set(pid, now);
    const up = pids.filter((pid) => now - (firstSeen.get(pid) ?? now) > START_MS);
    const victim = up[random(Math.max(1, up.length))];
    if (victim === undefined || killed === KILLS) return;
    process.kill(victim, "SIGKILL");
    killed += 1;
  }, 250);
  return () => {
    clearInterval(timer);
    return killed;
  };
}

async function audit(client: Client): Promise<{ readonly answer: unknown; readonly graph: Graph }> {
  const runtime = isolatedRuntime();
  const workspace = await openWorkspace(directory);
  const tools = fileTools(directory, { readOnly: true });
  const flow = new RLMFlow({
    client,
    runtime,
    tools,
    workspace,
    globals: { LICENSE_RULES: rules },
    closeRuntimes: false,
  });
  try {
    const { answer, graph } = await flow.run(task, { context: folders.join("\n"), output: reportSchema });
    await checkRun(graph, { runtimes: { default: runtime }, store: await unlocked(workspace, graph, flow) });
    return { answer, graph };
  } finally {
    await flow.close();
    await runtime.close();
  }
}

/** The run's store, opened again after its flow has let go of it. */
async function unlocked(workspace: Awaited<ReturnType<typeof openWorkspace>>, graph: Graph, flow: RLMFlow) {
  await flow.close();
  return await workspace.openRun(graph.run.runId, graph.branch);
}

/**
 * What the run did, as sorted lines that no two undisturbed runs differ in: of every agent its tasks, its
 * code, its errors and its answers, of every block the calls it made and what they came to, and all it
 * wrote. How often a block was suspended on its children, and which of two calls that ran side by side was
 * answered first, is a matter of time, so places and order are left out.
 */
function essence(graph: Graph): readonly string[] {
  return graph
    .agents()
    .flatMap((agentId) => {
      let code = "";
      const lines = graph.log(agentId).flatMap((node) => {
        if (node.type === "action") code = node.code ?? "";
        return happenings(node).map(
          (happening) => `${agentId} ${code.slice(0, 60)} ${JSON.stringify(happening)}`,
        );
      });
      return lines;
    })
    .toSorted();
}

function happenings(node: RunNode): readonly unknown[] {
  switch (node.type) {
    case "query":
      return [["query", node.query, node.systemPrompt, node.contexts, node.output, node.config]];
    case "action":
      return [["action", node.reply, node.final]];
    case "call":
      return [["call", node.name, node.args, node.name === "wait" ? node.outcome?.ok : node.outcome]];
    case "error":
      return [["error", node.kind, node.message]];
    case "result":
      return [["result", node.result, node.cancelled]];
    case "observation":
    case "supervising":
    case "resume":
      return (node.block?.output ?? "")
        .split("\n")
        .map((line) => ["output", line])
        .filter(([, line]) => line !== "");
  }
}

/** The first few lines that only one of the two has, shortened. */
function differences(a: readonly string[], b: readonly string[]): readonly string[] {
  const [inA, inB] = [new Set(a), new Set(b)];
  const only = [
    ...a.filter((line) => !inB.has(line)).map((line) => `- ${line}`),
    ...b.filter((line) => !inA.has(line)).map((line) => `+ ${line}`),
  ];
  return only.slice(0, 6).map((line) => line.slice(0, 600));
}

/** The client, counting the complete replies it gave for each effect key. */
function counted(client: Client): { readonly client: Client; readonly replies: Map<string, number> } {
  const replies = new Map<string, number>();
  const random = seeded(3);
  const chat: Client["chat"] = async (messages, options) => {
    await setTimeout(random(REPLY_MS));
    const reply = await client.chat(messages, options);
    const key = options?.effectKey ?? "";
    replies.set(key, (replies.get(key) ?? 0) + 1);
    return reply;
  };
  return { client: { ...client, chat }, replies };
}

test("the audit comes to the same nodes when its sandboxes are killed at random", {
  timeout: 300_000,
}, async () => {
  const undisturbed = await audit(scriptedModel({ language: "javascript", tamper: false }));
  const { client, replies } = counted(scriptedModel({ language: "javascript", tamper: false }));
  const stop = killer(seeded(7));
  const disturbed = await audit(client).finally(stop);
  expect(stop()).toBeGreaterThanOrEqual(3);
  expect(disturbed.answer).toEqual(undisturbed.answer);
  expect(differences(essence(undisturbed.graph), essence(disturbed.graph))).toEqual([]);
  expect([...replies.values()].filter((count) => count !== 1)).toEqual([]);
});
