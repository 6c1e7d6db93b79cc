import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Graph, memoryStores } from "@rlmflow/core";
import { defaultEnvironment } from "@rlmflow/core/driver";

import { randomFlow } from "../../core/test/data/random-run.ts";

/** The golden run of the current format: it has every type of node, and every way in which one comes about. */
export function goldenGraph(): Graph {
  const file = join(import.meta.dirname, "../../core/test/golden/format-2/trace.json");
  return Graph.fromJSON(JSON.parse(readFileSync(file, "utf8")));
}

/** A finished run whose agents do something that follows from the seed: calls, waits of every kind, errors, further queries. */
export async function randomGraph(seed: number): Promise<Graph> {
  const { flow } = randomFlow(seed, memoryStores(defaultEnvironment().digest));
  try {
    return (await flow.run("Go.").catch((error: { readonly graph: Graph }) => error)).graph;
  } finally {
    await flow.close();
  }
}
