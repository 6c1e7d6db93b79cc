import type { Runtime } from "@rlmflow/core";
import { type ContractCheck, ensure, ensureEqual } from "../contract/contract.ts";
import type { AttackCase } from "./attack-case.ts";
import { attackCases } from "./attack-cases.ts";
import { runBlocks, type Transcript } from "./attack-driver.ts";
import { FINDING, HOST_MARKER, PRELUDE } from "./prelude.ts";

/** How the corpus is run. */
export interface AttackOptions {
  /** Milliseconds for which the host's event loop may stand still. Default 500. */
  readonly maxLagMs?: number;
  /** The cases to run. Default all of them. */
  readonly cases?: readonly AttackCase[];
  /** The block that runs before those of every case. Default what the cases of this corpus, in JavaScript, need. */
  readonly prelude?: string;
}

const SECRET = "host-secret-5a1e";
const LAG_TICK_MS = 20;

/**
 * One check a case: nothing of the host is found, the host stays alive and awake, the case ends as it says,
 * and the next REPL works. `runtime` may give the same runtime each time; whoever made it closes it. Give it
 * tight limits, since many cases go up to them.
 */
export function attackCorpus(
  runtime: () => Promise<Runtime>,
  options: AttackOptions = {},
): readonly ContractCheck[] {
  const { maxLagMs = 500, cases = attackCases, prelude = PRELUDE } = options;
  return cases.map((attack) => ({
    name: `contains ${attack.name}`,
    run: () => withSecrets(async () => examine(attack, await runtime(), { maxLagMs, prelude })),
  }));
}

interface Bounds {
  readonly maxLagMs: number;
  readonly prelude: string;
}

async function examine(attack: AttackCase, runtime: Runtime, { maxLagMs, prelude }: Bounds): Promise<void> {
  const lag = watchLag();
  const blocks = [prelude, ...attack.blocks];
  const transcript = await runBlocks(runtime, blocks).finally(lag.stop);
  ensureNothingFound(transcript);
  ensureEnded(attack, transcript);
  if (attack.expect === "same") {
    const second = await runBlocks(runtime, blocks, true);
    ensureEqual(comparable(second), comparable(transcript), "the second run");
  }
  const next = (await runBlocks(runtime, [prelude, "6 * 7"])).at(-1)?.at(-1)?.state;
  ensureEqual(next?.kind === "ended" ? next.echo : next, "42", "the next block in a fresh REPL");
  ensure(lag.worst() <= maxLagMs, `the host's event loop stood still for ${Math.round(lag.worst())} ms`);
}

function ensureNothingFound(transcript: Transcript): void {
  for (const { output } of transcript.flat()) {
    const finding = output.split("\n").find((line) => line.startsWith(`${FINDING} `));
    ensure(finding === undefined, `the code printed: ${finding}`);
  }
  const text = JSON.stringify(transcript);
  for (const secret of [SECRET, process.execPath, process.cwd()]) {
    ensure(secret.length < 2 || !text.includes(secret), `the code came to see ${secret}`);
  }
}

function ensureEnded({ expect }: AttackCase, transcript: Transcript): void {
  const state = transcript.at(-1)?.at(-1)?.state;
  const isLost = state?.kind === "lost" && state.blame === "block";
  if (expect === "lost") ensure(isLost, `the block was to be lost and blamed, and it is ${state?.kind}`);
  if (expect !== "ends" && expect !== "same") return;
  const hasEnded = state?.kind === "ended" || state?.kind === "threw";
  ensure(hasEnded, `the block was to end, and it is ${state?.kind}: ${isLost ? state.message : ""}`);
}

/** All of a transcript that must be the same a second time. */
function comparable(transcript: Transcript): unknown {
  return transcript.map((activations) => activations.map(({ codeMs: _, ...activation }) => activation));
}

/** Places what no code may see on the host's globalThis and in its environment while `run` is pending. */
async function withSecrets(run: () => Promise<void>): Promise<void> {
  Object.defineProperty(globalThis, HOST_MARKER, { value: SECRET, configurable: true });
  process.env[HOST_MARKER] = SECRET;
  try {
    await run();
  } finally {
    Reflect.deleteProperty(globalThis, HOST_MARKER);
    delete process.env[HOST_MARKER];
  }
}

function watchLag(): { stop(): void; worst(): number } {
  let worst = 0;
  let last = performance.now();
  const measure = () => {
    const now = performance.now();
    worst = Math.max(worst, now - last - LAG_TICK_MS);
    last = now;
  };
  const timer = setInterval(measure, LAG_TICK_MS);
  const stop = () => {
    measure();
    clearInterval(timer);
  };
  return { stop, worst: () => worst };
}
