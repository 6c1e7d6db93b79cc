import { crashTrial, type TrialResult } from "./crash-trial.ts";

/** How many processes are killed, and by which chance. */
export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  readonly runtimes: readonly ("isolated" | "local")[];
  /** Runs under way at a time. */
  readonly parallel: number;
  readonly tell?: (line: string) => void;
}

/** What all runs of a campaign came to. */
export interface CampaignTotals {
  readonly kills: number;
  readonly runs: number;
  readonly finished: number;
  readonly lost: readonly string[];
  readonly askedAgain: readonly string[];
  readonly askedTwiceAlive: readonly string[];
  readonly inFlight: number;
  readonly equalAnswers: number;
  readonly repeatedCalls: readonly string[];
  readonly tornLines: number;
  readonly requests: number;
}

const MOST_KILLS_OF_A_RUN = 8;
/** Kills fall into this part of an undisturbed life. A resumed process may be done before: then it was not killed. */
const SPAN = 0.8;

interface RunResult {
  readonly runtime: string;
  readonly result: TrialResult;
}

/** Numbers between 0 and 1 that follow from the seed. */
export function chanceFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs undisturbed once on each runtime, then kills runs at random moments until enough processes have died. */
export async function crashCampaign(options: CampaignOptions): Promise<CampaignTotals> {
  const undisturbed = new Map<string, TrialResult>();
  for (const runtime of options.runtimes)
    undisturbed.set(runtime, await crashTrial({ runtime, durability: "flush", nextKill: () => null }));
  const results: RunResult[] = [];
  let planned = 0;
  let killed = 0;
  const work = async (index: number): Promise<void> => {
    const chance = chanceFrom(options.seed * 100_003 + index);
    const runtime = options.runtimes[index % options.runtimes.length] ?? "local";
    const span = (undisturbed.get(runtime)?.lived ?? 1000) * SPAN;
    let own = 0;
    let isPlanned = false;
    const result = await crashTrial({
      runtime,
      durability: chance() < 0.3 ? "fsync" : "flush",
      nextKill() {
        isPlanned = killed + planned < options.kills && own < MOST_KILLS_OF_A_RUN;
        if (isPlanned) planned += 1;
        return isPlanned ? chance() * span : null;
      },
      ended(wasKilled) {
        if (isPlanned) planned -= 1;
        if (!wasKilled) return;
        own += 1;
        killed += 1;
      },
    });
    results.push({ runtime, result });
    options.tell?.(`run ${results.length} (${runtime}): ${result.kills} kills, ${killed} in all`);
  };
  let begun = 0;
  const workOn = async () => {
    while (killed + planned < options.kills) await work(begun++);
  };
  await Promise.all(Array.from({ length: options.parallel }, workOn));
  return totalsOf(results, undisturbed);
}

function totalsOf(
  results: readonly RunResult[],
  undisturbed: ReadonlyMap<string, TrialResult>,
): CampaignTotals {
  const sum = (count: (result: TrialResult) => number) =>
    results.reduce((total, { result }) => total + count(result), 0);
  const all = (list: (result: TrialResult) => readonly string[]) =>
    results.flatMap(({ result }) => list(result));
  return {
    kills: sum(({ kills }) => kills),
    runs: results.length,
    finished: results.filter(({ result }) => result.answer !== null).length,
    lost: all(({ lost }) => lost),
    askedAgain: all(({ askedAgain }) => askedAgain),
    askedTwiceAlive: all(({ askedTwiceAlive }) => askedTwiceAlive),
    inFlight: sum(({ inFlight }) => inFlight),
    equalAnswers: results.filter(({ runtime, result }) => result.answer === undisturbed.get(runtime)?.answer)
      .length,
    repeatedCalls: all(({ repeatedCalls }) => repeatedCalls),
    tornLines: sum(({ tornLines }) => tornLines),
    requests: sum(({ requests }) => requests),
  };
}
