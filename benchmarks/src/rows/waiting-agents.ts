import { inFreshProcess } from "../fresh-process.ts";
import type { WaitingMemory } from "../memory/waiting-agents.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { finding, spelled } from "../summarize.ts";

const WAITING = 10_000;

async function measure({ runs, quick }: Effort): Promise<readonly Finding[]> {
  const samples: WaitingMemory[] = [];
  for (let run = 0; run < runs; run++)
    samples.push(await inFreshProcess("memory/waiting-agents.ts", quick ? WAITING / 5 : WAITING));
  const kibibytes = (bytes: (sample: WaitingMemory) => number) =>
    samples.map((sample) => bytes(sample) / sample.waiting / 1024);
  const [first] = samples;
  const detail = `growth of the resident set over ${first?.waiting ?? 0} agents suspended on children (${first?.agents ?? 0} agents and ${first?.nodes ?? 0} nodes in all, every one of them counted in); live heap ${spelled(
    kibibytes(({ heap }) => heap),
    "KiB",
  )}; at most 8 REPLs alive, log on disk`;
  return [
    finding(
      kibibytes(({ rss }) => rss),
      {
        what: "10,000 waiting agents in one process, REPLs evicted: memory per agent",
        unit: "KiB",
        bar: 20,
        detail,
        limitedBy: "the nodes of the graph, which stay in memory while a run is open",
      },
    ),
  ];
}

/** What an agent costs that waits and whose REPL is closed. */
export const waitingAgents: Row = { id: 3, title: "memory of waiting agents", measure };
