import type { Row } from "./row.ts";
import { concurrentRuns } from "./rows/concurrent-runs.ts";
import { contextReaders } from "./rows/context-readers.ts";
import { engineTime } from "./rows/engine-time.ts";
import { isolateReady } from "./rows/isolate-ready.ts";
import { keptGraphs } from "./rows/kept-graphs.ts";
import { langgraphInMemory } from "./rows/langgraph-in-memory.ts";
import { langgraphOnDisk } from "./rows/langgraph-on-disk.ts";
import { makespan } from "./rows/makespan.ts";
import { opening } from "./rows/opening.ts";
import { rebuild } from "./rows/rebuild.ts";
import { runtimeStarts } from "./rows/runtime-starts.ts";
import { waitingAgents } from "./rows/waiting-agents.ts";

/** Every row, in the order of the table. */
export const rows: readonly Row[] = [
  engineTime,
  makespan,
  waitingAgents,
  keptGraphs,
  contextReaders,
  isolateReady,
  rebuild,
  opening,
  langgraphInMemory,
  langgraphOnDisk,
  runtimeStarts,
  concurrentRuns,
];
