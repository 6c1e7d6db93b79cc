import { type Client, functionTool, RLMFlow } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { openWorkspace } from "@rlmflow/workspace";
import { type SessionTimes, timedRuntime } from "../isolate/timed-runtime.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { finding, spelled } from "../summarize.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

const BLOCKS = 20;
/** Milliseconds of code that a block has at least. */
const LEAST_MS = 20;

/** A block that computes for so many rounds, asks the host once, and keeps what it found. */
function codeOf(block: number, rounds: number): string {
  return [
    `let sum${block} = ${block};`,
    `for (let round = 0; round < ${rounds}; round++) sum${block} = (sum${block} * 31 + round) % 1000003;`,
    `const text${block} = Array.from({ length: 2000 }, (_, place) => String(place * sum${block})).join(" ");`,
    `const answer${block} = await echo(text${block}.length);`,
    `print(sum${block}, answer${block});`,
  ].join("\n");
}

function clientOf(rounds: number): Client {
  const usage = { input: 0, cached: null, output: 0, reasoning: null, costMicroUsd: null };
  return {
    protocol: 1,
    model: "stub",
    chat: async (_messages, { caller } = {}) => {
      const turn = caller?.turn ?? 0;
      const code = turn < BLOCKS ? codeOf(turn, rounds) : "done(sum0)";
      return { text: `\`\`\`repl\n${code}\n\`\`\``, finishReason: "stop", usage, model: "stub" };
    },
  };
}

interface Sample {
  readonly first: number;
  readonly rebuilt: number;
  readonly codeMs: number;
}

/** Runs all blocks in one flow, then goes on in another, whose REPL is built again from the log. */
async function sampleRebuild(directory: string, rounds: number): Promise<Sample> {
  const sessions: SessionTimes[] = [];
  await using workspace = await openWorkspace(directory);
  const flow = () =>
    new RLMFlow({
      client: clientOf(rounds),
      runtime: timedRuntime(isolatedRuntime({ spareProcesses: 0 }), (times) => sessions.push(times)),
      tools: [functionTool("echo", (value: number) => value)],
      config: { maxIterations: BLOCKS + 2 },
      workspace,
    });
  const live = flow();
  let graph = await live.start("compute");
  const walls: number[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    graph = await live.step(graph);
    const startedAt = performance.now();
    graph = await live.step(graph);
    const [times] = sessions;
    const end = times?.ends.get(graph.lastAction("root")?.id ?? "") ?? Number.NaN;
    walls.push(end - Math.max(startedAt, times?.opened ?? 0));
  }
  await live.close();
  const lastBlock = graph.lastAction("root")?.id ?? "";
  await using later = flow();
  await later.resume(graph);
  const again = sessions[1];
  const codeMs = graph.chain("root").flatMap((node) => ("block" in node ? [node.block?.codeMs ?? 0] : []));
  return {
    first: walls.reduce((sum, wall) => sum + wall, 0),
    rebuilt: (again?.ends.get(lastBlock) ?? Number.NaN) - (again?.opened ?? Number.NaN),
    codeMs: Math.min(...codeMs),
  };
}

/** So many rounds that the quickest block takes the least time with something to spare. */
async function calibrate(): Promise<number> {
  for (let rounds = 500_000; ; rounds = Math.ceil(rounds * 1.5)) {
    const { codeMs } = await inTemporaryDirectory((directory) => sampleRebuild(directory, rounds));
    if (codeMs >= LEAST_MS * 1.3) return rounds;
  }
}

async function measure({ runs }: Effort): Promise<readonly Finding[]> {
  const rounds = await calibrate();
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run++)
    samples.push(await inTemporaryDirectory((directory) => sampleRebuild(directory, rounds)));
  const times = (of: (sample: Sample) => number) => spelled(samples.map(of), "ms");
  const detail = `${BLOCKS} blocks with a host call each: ${times(({ first }) => first)} at first, ${times(({ rebuilt }) => rebuilt)} again; code of the quickest block ${times(({ codeMs }) => codeMs)}`;
  return [
    finding(
      samples.map(({ first, rebuilt }) => rebuilt / first),
      {
        what: "rebuild of a REPL over first execution, blocks of at least 20 ms of code",
        unit: "x",
        bar: 1.5,
        detail,
        limitedBy: "the code itself, which runs again",
      },
    ),
  ];
}

/** What it costs to bring a REPL back from the log. */
export const rebuild: Row = { id: 7, title: "rebuild over first execution", measure };
