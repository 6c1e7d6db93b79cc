// Asks a question once up to the point where it matters, then four times from there, and takes the best answer.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RLMFlow } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { openWorkspace } from "@rlmflow/workspace";
import { scriptedModel } from "./scripted-model.ts";

interface Tour {
  readonly way: string;
  readonly length: number;
}

const SAMPLES = 4;
const cities = Array.from({ length: 24 }, (_, at) => ({ x: (at * 37) % 101, y: (at * at * 13) % 97 }));

await using workspace = await openWorkspace(await mkdtemp(join(tmpdir(), "best-of-n-")));
await using runtime = { shared: isolatedRuntime(), [Symbol.asyncDispose]: () => runtime.shared.close() };
let requests = 0;

function flowFor(sample: number): RLMFlow {
  const client = scriptedModel(sample, () => {
    requests += 1;
  });
  return new RLMFlow({ client, runtime: runtime.shared, closeRuntimes: false, workspace });
}

console.log(
  "No model is asked: its replies are written down in src/scripted-model.ts. Their code is run for real.\n",
);

// Once: the agent reads its context. root#2 is what it was shown, so from there on answers differ.
await using first = flowFor(0);
let graph = await first.start("Find a short round trip through all cities.", {
  context: JSON.stringify(cities),
});
while (graph.chainLength("root") < 3) graph = await first.step(graph);

const tours = await Promise.all(
  Array.from({ length: SAMPLES }, async (_, sample) => {
    const fork = await workspace.fork({ runId: graph.run.runId, at: "root#2", name: `sample-${sample}` });
    await using flow = flowFor(sample);
    const { answer } = await flow.resume<Tour>(fork.graph);
    return { ...answer, branch: fork.graph.branch };
  }),
);

const best = tours.reduce((a, b) => (b.length < a.length ? b : a));
for (const { branch, way, length } of tours) {
  console.log(
    `${branch}  ${length.toFixed(0).padStart(5)}  ${way}${branch === best.branch ? "  <- best" : ""}`,
  );
}
console.log(
  `\n${SAMPLES} answers from ${requests} requests; asked from the beginning it would be ${2 * SAMPLES}.`,
);
console.log(`See them: rlmflow branches ${workspace.directory}`);
