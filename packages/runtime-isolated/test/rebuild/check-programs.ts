import type { Runtime } from "@rlmflow/core";
import { checkRebuild, type Witnessed } from "./check-rebuild.ts";

/** Which random programs are checked, and where. */
export interface ProgramsCheck {
  readonly firstSeed: number;
  readonly count: number;
  readonly runtime: Runtime;
  /** Where the program of a seed is rebuilt, and what then becomes of that runtime. Default: where it ran. */
  readonly rebuildOn?: (seed: number) => { readonly runtime: Runtime; close(): Promise<void> };
}

const AT_ONCE = 4;

/** Checks the programs of seeds in a row, a few at a time, and gives what all of them together did. */
export async function checkPrograms({
  firstSeed,
  count,
  runtime,
  rebuildOn,
}: ProgramsCheck): Promise<Witnessed> {
  const seen: Witnessed[] = [];
  let next = firstSeed;
  const work = async () => {
    while (next < firstSeed + count) {
      const seed = next;
      next += 1;
      const place = rebuildOn?.(seed) ?? { runtime, close: async () => {} };
      seen.push(await checkRebuild({ seed, runtime, rebuildOn: place.runtime, cuts: 1 }));
      await place.close();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return seen.reduce(added);
}

function added(a: Witnessed, b: Witnessed): Witnessed {
  return {
    nodes: a.nodes + b.nodes,
    agents: a.agents + b.agents,
    suspensions: a.suspensions + b.suspensions,
    undelivered: a.undelivered + b.undelivered,
    errors: [...a.errors, ...b.errors],
    probed: a.probed + b.probed,
    cutInBlock: a.cutInBlock + b.cutInBlock,
  };
}
