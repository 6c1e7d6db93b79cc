import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Graph, type RunNode } from "@rlmflow/core";
import { effectKey } from "@rlmflow/core/store";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun } from "@rlmflow/testing";
import { openWorkspace } from "@rlmflow/workspace";
import { liveOnce } from "./crash-life.ts";
import { type ModelServer, startModelServer } from "./model-server.ts";

/** How one run is to be killed. */
export interface TrialOptions {
  readonly runtime: "isolated" | "local";
  readonly durability: "flush" | "fsync";
  /** Milliseconds after which the next process is killed, or `null` to let it live; asked before each. */
  readonly nextKill: () => number | null;
  /** Called when a process has ended, killed or not. */
  readonly ended?: (killed: boolean) => void;
}

/** What became of one run that was killed again and again. */
export interface TrialResult {
  readonly kills: number;
  readonly answer: string | null;
  /** Ids of nodes that were reported and are not in the log. */
  readonly lost: readonly string[];
  /** Effect keys of replies that were in the log and were asked for again. */
  readonly askedAgain: readonly string[];
  /** Requests that were made twice although no kill lay between the two. */
  readonly askedTwiceAlive: readonly string[];
  /** Requests made again because they were in flight when their process was killed. */
  readonly inFlight: number;
  /** Calls of tools that must not be repeated, made twice. */
  readonly repeatedCalls: readonly string[];
  readonly requests: number;
  readonly tornLines: number;
  /** Milliseconds that the last process lived. */
  readonly lived: number;
}

const RUN = "crash";

/** Kills and resumes one run until it is allowed to finish, and holds it against the laws of every run. */
export async function crashTrial(options: TrialOptions): Promise<TrialResult> {
  const directory = await mkdtemp(join(tmpdir(), "rlmflow crash "));
  await using server = await startModelServer();
  try {
    return await killAndResume(directory, server, options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function killAndResume(
  directory: string,
  server: ModelServer,
  { runtime, durability, nextKill, ended }: TrialOptions,
): Promise<TrialResult> {
  const reported = new Set<string>();
  const lost = new Set<string>();
  /** For each life the keys whose replies were in the log when it began. */
  const keptAt: ReadonlySet<string>[] = [];
  let kills = 0;
  let tornLines = 0;
  for (;;) {
    const kept = await readLog(directory);
    for (const id of reported) if (!kept.ids.has(id)) lost.add(id);
    keptAt.push(kept.replies);
    server.life = keptAt.length - 1;
    const life = await liveOnce([directory, RUN, server.url, runtime, durability], nextKill());
    ended?.(life.killed);
    for (const id of life.reported) reported.add(id);
    if (life.droppedBytes > 0) tornLines += 1;
    if (life.killed) {
      kills += 1;
      continue;
    }
    const end = await readLog(directory);
    for (const id of reported) if (!end.ids.has(id)) lost.add(id);
    await checkWhole(directory);
    const repeatedCalls = duplicates(
      (await readFile(join(directory, "recorded"), "utf8")).trim().split("\n"),
    );
    const { answer, lived } = life;
    return {
      kills,
      answer,
      lost: [...lost],
      repeatedCalls,
      tornLines,
      lived,
      ...countRequests(server, keptAt),
    };
  }
}

async function readLog(directory: string) {
  await using workspace = await openWorkspace(directory);
  const known = (await workspace.runs()).some(({ runId }) => runId === RUN);
  const nodes = known ? await (await workspace.reader(RUN)).next() : [];
  return {
    ids: new Set(nodes.map(({ id }) => id)),
    replies: new Set(nodes.filter(isReply).map(({ id }) => effectKey(RUN, "main", id))),
  };
}

function isReply(node: RunNode): boolean {
  return node.type === "action" || (node.type === "call" && node.name === "llmQuery");
}

/** The laws that every run keeps, its blocks run again included. */
async function checkWhole(directory: string): Promise<void> {
  await using workspace = await openWorkspace(directory);
  const store = await workspace.openRun(RUN);
  const graph = Graph.fromNodes(store.run, await store.read());
  const runtime = localRuntime();
  await checkRun(graph, { store, runtimes: { default: runtime } }).finally(() => runtime.close());
}

function countRequests({ seen }: ModelServer, keptAt: readonly ReadonlySet<string>[]) {
  const askedAgain: string[] = [];
  const askedTwiceAlive: string[] = [];
  let inFlight = 0;
  const lives = new Map<string, number>();
  for (const { key, life } of seen) {
    const before = lives.get(key);
    lives.set(key, life);
    // What is sent stands behind the place in the key.
    const place = key.replace(/\.[0-9a-f]{16}\.\d+$/, "");
    if (keptAt[life]?.has(place) === true) askedAgain.push(key);
    else if (before === life) askedTwiceAlive.push(key);
    else if (before !== undefined) inFlight += 1;
  }
  return { askedAgain, askedTwiceAlive, inFlight, requests: seen.length };
}

function duplicates(lines: readonly string[]): readonly string[] {
  return lines.filter((line, index) => lines.indexOf(line) !== index);
}
