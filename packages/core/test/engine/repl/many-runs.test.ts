import { checkRun, type ScriptedRequest, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { RLMFlow, type RunConfig, type Runtime } from "../../../src/index.ts";
import { Seeded } from "../../data/seeded.ts";
import { block } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

/** A runtime that takes its time, with the REPLs that were opened in it, by group and agent, in order. */
function slowRuntime(random: Seeded): {
  readonly runtime: Runtime;
  readonly opened: string[];
  readonly most: () => number;
} {
  const inner = inlineRuntime();
  const opened: string[] = [];
  let alive = 0;
  let most = 0;
  const open: Runtime["open"] = async (spec) => {
    opened.push(`${spec.group.split("/")[0]} ${spec.agentId}`);
    alive += 1;
    most = Math.max(most, alive);
    await pause(random.below(4));
    const session = await inner.open(spec);
    return {
      start: (started) => session.start(started),
      deliver: (answer) => session.deliver(answer),
      dispose: async () => {
        await pause(random.below(4));
        await session.dispose();
        alive -= 1;
      },
    };
  };
  return { runtime: { ...inner, open }, opened, most: () => most };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Course {
  readonly runs: number;
  readonly config: RunConfig;
  readonly reply: (request: ScriptedRequest) => string;
  readonly seed: number;
}

async function play({ runs, config, reply, seed }: Course) {
  const random = new Seeded(seed);
  const { runtime, opened, most } = slowRuntime(random);
  const client = scriptedClient(async (request) => {
    await pause(random.below(8));
    return block(reply(request));
  });
  await using flow = new RLMFlow({ client, runtime, config });
  const results = await Promise.all(
    Array.from({ length: runs }, (_, index) => flow.run("Go.", { runId: `r${index}` })),
  );
  return { results, opened, most: most() };
}

const inOrder = (runs: number) => Array.from({ length: runs }, (_, index) => `r${index} root`);

describe("runs that share few places", () => {
  test.each([1, 2, 3])("wait in line, and no REPL is made twice because of it (seed %i)", async (seed) => {
    const { results, opened, most } = await play({
      runs: 40,
      config: { maxLiveRepls: 4, maxConcurrency: 100 },
      reply: ({ turn }) => (turn === 0 ? "vars.sum = 1" : turn < 3 ? "vars.sum += 1" : "done(vars.sum)"),
      seed,
    });
    expect(results.map(({ answer }) => answer)).toEqual(Array.from({ length: 40 }, () => 3));
    expect(opened.toSorted()).toEqual(inOrder(40).toSorted());
    expect(most).toBeLessThanOrEqual(4);
  });

  test("begin in the order in which they came when requests are scarce", async () => {
    const { opened } = await play({
      runs: 30,
      config: { maxConcurrency: 2 },
      reply: ({ turn }) => (turn < 3 ? "1" : "done(1)"),
      seed: 5,
    });
    // Two requests are in flight at a time, so two neighbours may change places.
    for (const [place, name] of inOrder(30).entries())
      expect(Math.abs(opened.indexOf(name) - place), name).toBeLessThanOrEqual(2);
    expect(opened).toHaveLength(30);
  });

  test.each([
    { maxLiveRepls: 1, runs: 8 },
    { maxLiveRepls: 2, runs: 8 },
    { maxLiveRepls: 5, runs: 12 },
  ])("grow trees without a deadlock: $runs runs, $maxLiveRepls places", async ({ maxLiveRepls, runs }) => {
    const { results, most } = await play({
      runs,
      config: { maxLiveRepls, maxConcurrency: 7 },
      reply: ({ agentId, turn }) => {
        if (turn === 0) return "vars.n = 1";
        if (turn === 2) return "done(vars.n)";
        const isLeaf = agentId.split(".").length > 3;
        return isLeaf
          ? "vars.n += 1"
          : "for (const h of [delegate('a', 'A'), delegate('b', 'B')]) vars.n += await h";
      },
      seed: runs,
    });
    // A leaf counts 2, every other agent 1 more than its children.
    expect(results.map(({ answer }) => answer)).toEqual(Array.from({ length: runs }, () => 23));
    expect(most).toBeLessThanOrEqual(maxLiveRepls);
    for (const { graph } of results.slice(0, 2))
      await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  });

  test("take what rests: a run that is finished, paused or only stepped holds nobody up", async () => {
    const client = scriptedClient(({ turn }) => block(turn === 0 ? "vars.x = 1" : "done(vars.x)"));
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), config: { maxLiveRepls: 1 } });
    let stepped = await flow.start("Step.");
    for (let step = 0; step < 2; step++) stepped = await flow.step(stepped);
    expect((await flow.run("Pass.")).answer).toBe(1);
    const paused = flow.run("Pause.");
    for await (const event of paused) if (event.type === "node" && event.node.type === "observation") break;
    await paused.pause();
    expect((await flow.run("Pass.")).answer).toBe(1);
    paused.unpause();
    expect((await paused).answer).toBe(1);
    for (let step = 0; step < 2; step++) stepped = await flow.step(stepped);
    expect(stepped.finished).toBe(true);
  });
});
