import { Graph, memoryStores, RLMError, type Runtime } from "@rlmflow/core";
import type { RunStores } from "@rlmflow/core/store";
import { checkRun, fixedEnvironment } from "@rlmflow/testing";
import { expect } from "vitest";
import { randomNumbers } from "../../../repl/test/language/program-generator.ts";
import { probingRuntime } from "./probing-runtime.ts";
import { randomFlow } from "./random-flow.ts";

/** How a random program is checked. */
export interface RebuildCheck {
  readonly seed: number;
  /** Where the program runs. */
  readonly runtime: Runtime;
  /** Where it is rebuilt: the same one for fresh isolates, another one for a fresh process. */
  readonly rebuildOn: Runtime;
  /** How often the run is cut at a random node and taken up again. */
  readonly cuts: number;
}

/** What a program did, so that a test can see that programs do much. */
export interface Witnessed {
  readonly nodes: number;
  readonly agents: number;
  readonly suspensions: number;
  readonly undelivered: number;
  readonly errors: readonly string[];
  /** REPLs of ended agents whose rebuilt twin did the same next activation. */
  readonly probed: number;
  /** Cuts with a block begun and not ended. */
  readonly cutInBlock: number;
}

interface Program {
  readonly seed: number;
  readonly calm: boolean;
  readonly stores: RunStores;
  readonly random: () => number;
}

/**
 * Runs the program of a seed on the real engine, then demands of the run all laws, of each rebuilt REPL the same
 * variables and the same next activation, and of each cut that it keeps what was recorded, asks for no recorded reply
 * again, and goes on to an end; of a calm program that this end is the same.
 */
export async function checkRebuild(check: RebuildCheck): Promise<Witnessed> {
  const { seed } = check;
  const random = randomNumbers(seed);
  const stores = memoryStores(fixedEnvironment().digest);
  const program: Program = { seed, calm: random() < 0.35, stores, random };
  const live = probingRuntime(check.runtime);
  const { flow } = randomFlow({ ...program, runtime: live, order: seed, maxLiveRepls: placesOf(random) });
  const graph = await graphOf(flow.run("Do as you are told.", { ...START, runId: `run-${seed}` }));
  await flow.close();
  const probed = await checkProbes(graph, check, live, stores);
  let cutInBlock = 0;
  for (let cut = 0; cut < check.cuts; cut += 1) if (await checkCut(graph, check, program)) cutInBlock += 1;
  return { ...witnessed(graph), probed, cutInBlock };
}

/** With what every random program is started. */
export const START = {
  context: "one two three four five\nsix seven eight nine ten\neleven twelve thirteen fourteen",
  output: { type: "object", properties: { answer: {} }, required: ["answer"] },
} as const;

function placesOf(random: () => number): number {
  return random() < 0.5 ? 1 + Math.floor(random() * 3) : 64;
}

/** The graph of a run, also of one that ends with a failed root. */
export async function graphOf(run: PromiseLike<{ readonly graph: Graph }>): Promise<Graph> {
  try {
    return (await run).graph;
  } catch (error) {
    if (RLMError.is(error) && "graph" in error && error.graph instanceof Graph) return error.graph;
    throw error;
  }
}

/** Rebuilds every REPL; those whose last block had ended must do the same next activation as they did when they were closed. */
async function checkProbes(
  graph: Graph,
  { seed, rebuildOn }: RebuildCheck,
  live: { readonly probes: ReadonlyMap<string, unknown> },
  stores: RunStores,
): Promise<number> {
  const store = await stores.openRun(`run-${seed}`, "main");
  const rebuilt = probingRuntime(rebuildOn);
  await checkRun(graph, { store, runtimes: { default: rebuilt } });
  let probed = 0;
  for (const agentId of graph.agents().filter((id) => endedItsBlock(graph, id) && live.probes.has(id))) {
    expect(rebuilt.probes.get(agentId), `seed ${seed}, ${agentId}`).toEqual(live.probes.get(agentId));
    probed += 1;
  }
  return probed;
}

/** Of an agent that was stopped in the middle of a block, the REPL that was closed had got further than the log. */
function endedItsBlock(graph: Graph, agentId: string): boolean {
  const chain = graph.chain(agentId);
  const end = chain.findLast(
    (node) => node.type === "action" || ("block" in node && node.block !== undefined),
  );
  return end !== undefined && end.type !== "action" && end.type !== "supervising";
}

/** Takes the run up at a random node; true when that cut a block in two. */
async function checkCut(graph: Graph, check: RebuildCheck, program: Program): Promise<boolean> {
  const nodes = [...graph.walk()];
  const node = nodes[Math.floor(program.random() * nodes.length)];
  const prefix = graph.at(node?.id ?? "");
  const order = Math.floor(program.random() * 1e9);
  const places = placesOf(program.random);
  const { flow, asked } = randomFlow({ ...program, runtime: check.runtime, order, maxLiveRepls: places });
  const again = await graphOf(flow.resume(prefix, { output: START.output }));
  const what = `seed ${check.seed}, cut at ${node?.id}`;
  expect([...again.walk()].slice(0, prefix.length), what).toEqual([...prefix.walk()]);
  expect(troubles(again), what).toEqual([]);
  const recorded = prefix.agents().flatMap((agentId) => repliesOf(prefix, agentId));
  expect(
    asked.filter((reply) => recorded.includes(reply)),
    what,
  ).toEqual([]);
  const store = await program.stores.openRun(again.run.runId, again.branch);
  await flow.close();
  await checkRun(again, { store, runtimes: { default: check.rebuildOn } });
  if (program.calm) expect(endOf(again), what).toEqual(endOf(graph));
  return prefix
    .agents()
    .some((agentId) => ["action", "supervising"].includes(prefix.head(agentId)?.type ?? ""));
}

function repliesOf(graph: Graph, agentId: string): readonly string[] {
  const actions = graph.chain(agentId).filter((node) => node.type === "action");
  return actions.map((_, turn) => `${agentId} ${turn}`);
}

/** Ends that only a REPL which was rebuilt wrongly has. */
export function troubles(graph: Graph): readonly string[] {
  return [...graph.walk()].flatMap((node) =>
    node.type === "error" && ["replay_diverged", "runtime_failed", "sandbox_lost"].includes(node.kind)
      ? [node.message]
      : [],
  );
}

/** The answer, or the kind of error with which the root ended. */
export function endOf(graph: Graph): unknown {
  const head = graph.head("root");
  return head?.type === "error" ? head.kind : graph.result;
}

function witnessed(graph: Graph): Omit<Witnessed, "probed" | "cutInBlock"> {
  const nodes = [...graph.walk()];
  return {
    nodes: nodes.length,
    agents: graph.agents().length,
    suspensions: nodes.filter((node) => node.type === "supervising").length,
    undelivered: nodes.filter((node) => node.type === "call" && node.undelivered === true).length,
    errors: nodes.flatMap((node) => (node.type === "error" ? [node.kind] : [])),
  };
}
