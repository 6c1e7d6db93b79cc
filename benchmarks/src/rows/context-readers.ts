import { inFreshProcess } from "../fresh-process.ts";
import type { ReadersMemory } from "../memory/context-readers.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { finding, spelled } from "../summarize.ts";

const LARGE = 64 * 2 ** 20;
const SMALL = 1024;
const AGENTS = 200;

async function measure({ runs, quick }: Effort): Promise<readonly Finding[]> {
  const agents = quick ? 50 : AGENTS;
  const sample = (characters: number) =>
    inFreshProcess<ReadersMemory>("memory/context-readers.ts", characters, agents);
  const large: ReadersMemory[] = [];
  const small: ReadersMemory[] = [];
  for (let run = 0; run < runs; run++) {
    small.push(await sample(SMALL));
    large.push(await sample(LARGE));
  }
  const extra = (of: (memory: ReadersMemory) => number) =>
    large.map((memory, run) => (of(memory) - of(small[run] ?? memory)) / 2 ** 20);
  const mebibytes = (samples: readonly ReadersMemory[]) => samples.map(({ rss }) => rss / 2 ** 20);
  const detail = `resident set of a process ${spelled(mebibytes(small), "MiB")} with 1 KiB, ${spelled(
    mebibytes(large),
    "MiB",
  )} with 64 MiB; ${agents} agents alive in ${large[0]?.processes ?? 0} processes, each has read its part and 20 places, one of each process has searched all; of the peaks the difference is ${spelled(
    extra(({ peak }) => peak),
    "MiB",
  )}`;
  return [
    finding(
      extra(({ rss }) => rss),
      {
        what: "200 agents reading one 64 MiB context, over 200 reading 1 KiB: memory per sandbox process",
        unit: "MiB",
        bar: 16,
        detail,
        limitedBy:
          "the pieces a process keeps (2 MiB) and what each of its isolates has read and not yet given back",
      },
    ),
  ];
}

/** What a large context costs the processes whose agents read it. */
export const contextReaders: Row = { id: 5, title: "memory of agents that read one context", measure };
