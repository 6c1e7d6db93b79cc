import { getEventListeners } from "node:events";
import { checkRun, fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { RLMFlow } from "../../src/index.ts";
import { block, flowOf, runFailureOf } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";

/** A run whose root delegates to this many children at once; milliseconds per node. */
async function fanOut(children: number): Promise<number> {
  const code = `done((await Promise.all(Array.from({ length: ${children} }, () => delegate('c', 'C')))).length)`;
  const config = { maxChildren: children, maxAgents: children + 1, maxConcurrency: 64, maxOutputTokens: 16 };
  const client = scriptedClient(({ agentId }) => block(agentId === "root" ? code : "done(1)"));
  await using flow = new RLMFlow({
    client,
    runtime: inlineRuntime(),
    environment: fixedEnvironment(),
    config,
    prompt: "Be good.",
  });
  const before = process.cpuUsage();
  const { answer, graph } = await flow.run("Go.");
  const { user, system } = process.cpuUsage(before);
  expect(answer).toBe(children);
  expect(graph.agentCount).toBe(children + 1);
  // Query, action, result, delegate and wait: five nodes a child.
  expect(graph.length).toBeLessThan(5 * children + 10);
  return (user + system) / graph.length;
}

describe("one agent with many replies", () => {
  test("digests each message once, and once more while it is the newest", async () => {
    const environment = fixedEnvironment();
    let characters = 0;
    const digest = (text: string) => {
      characters += text.length;
      return environment.digest(text);
    };
    const replies = 300;
    await using flow = flowOf(
      ({ turn }) => block(turn < replies - 1 ? `print("${"x".repeat(1000)}")` : "done(1)"),
      { environment: { ...environment, digest }, config: { maxIterations: replies }, prompt: "Be good." },
    );
    const { graph } = await flow.run("Go.");
    // A reply and what it printed, the latter twice, and what goes along with each digest.
    expect(characters).toBeLessThan(replies * 4000);
    await checkRun(graph);
  });
});

describe("many agents", () => {
  test("cost the same each, be they a thousand or ten thousand", async () => {
    await fanOut(200);
    const few = await fanOut(1000);
    const many = await fanOut(10_000);
    // Ten times as many would cost ten times as much each where anything is done for all of them.
    expect(many / few).toBeLessThan(4);
  });

  test("in a chain three hundred deep come back with their answer", async () => {
    const config = { maxDepth: 300, maxLiveRepls: 8 };
    await using flow = flowOf(
      ({ agentId }) =>
        block(agentId.split(".").length > 300 ? "done(0)" : "done(1 + await delegate('d', 'D'))"),
      { config },
    );
    const { answer, graph } = await flow.run("Go.");
    expect(answer).toBe(300);
    expect(graph.agentCount).toBe(301);
    await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  });

  test("that wait are cancelled quickly", async () => {
    const children = 3000;
    const code = `await Promise.all(Array.from({ length: ${children} }, () => delegate('c', 'C')))`;
    const config = { maxChildren: children, maxAgents: children + 1, maxConcurrency: 4 };
    await using flow = flowOf(
      ({ agentId }) => (agentId === "root" ? block(code) : new Promise<string>(() => {})),
      { config, prompt: "Be good." },
    );
    const run = flow.run("Go.");
    const failed = runFailureOf(run);
    for await (const event of run) if (event.type === "node" && event.node.type === "supervising") break;
    const spent = await processorMs(() => run.apply({ kind: "cancel", agentId: "root", reason: "enough" }));
    expect(spent).toBeLessThan(5000);
    expect((await failed).message).toContain("enough");
    expect(run.graph.agents().filter((id) => run.graph.head(id)?.type !== "error")).toEqual([]);
  });

  test("leave no listener on a signal that is handed to tools", async () => {
    const signals = new Set<AbortSignal>();
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    const code = "done((await Promise.all(Array.from({ length: 200 }, (_, n) => llmQuery('q' + n)))).length)";
    const client = scriptedClient(({ purpose }) => (purpose === "act" ? block(code) : "yes"), {
      latencyMs: 1,
    });
    await using flow = new RLMFlow({
      client: {
        ...client,
        chat: async (messages, options) => {
          if (options?.signal !== undefined) signals.add(options.signal);
          return await client.chat(messages, options);
        },
      },
      runtime: inlineRuntime(),
      config: { maxConcurrency: 20 },
    });
    expect((await flow.run("Go.")).answer).toBe(200);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warn);
    expect([...signals].flatMap((signal) => getEventListeners(signal, "abort"))).toEqual([]);
    expect(warnings).toEqual([]);
  });
});
