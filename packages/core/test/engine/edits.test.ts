import { checkRun, fixedEnvironment, type Script, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type FlowOptions, type Graph, RLMError, RLMFlow } from "../../src/index.ts";
import { inlineRuntime } from "./inline-runtime.ts";

function block(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}

const runs: Graph[] = [];

afterEach(async () => {
  for (const graph of runs.splice(0)) await checkRun(graph, { runtimes: { default: inlineRuntime() } });
});

function flowOf(script: Script, options: Partial<FlowOptions> = {}): RLMFlow {
  return new RLMFlow({ client: scriptedClient(script), runtime: inlineRuntime(), ...options });
}

/** A model whose replies are held back until they are let go. */
function heldReplies() {
  const asked = new Map<string, PromiseWithResolvers<string>>();
  const request = (key: string) => {
    const known = asked.get(key) ?? Promise.withResolvers<string>();
    asked.set(key, known);
    return known;
  };
  const began = new Map<string, PromiseWithResolvers<void>>();
  const beginning = (key: string) => {
    const known = began.get(key) ?? Promise.withResolvers<void>();
    began.set(key, known);
    return known;
  };
  const script: Script = ({ agentId, turn }) => {
    beginning(`${agentId} ${turn}`).resolve();
    return request(`${agentId} ${turn}`).promise;
  };
  return {
    script,
    inFlight: (agentId: string, turn: number) => beginning(`${agentId} ${turn}`).promise,
    answer: (agentId: string, turn: number, code: string) =>
      request(`${agentId} ${turn}`).resolve(block(code)),
  };
}

describe("an edit while a reply is in flight", () => {
  test.each([
    { kind: "say", agentId: "root", text: "Mind the gap." },
    { kind: "final", agentId: "root" },
    { kind: "config", agentId: "root", config: { maxIterations: 7 } },
  ] as const)("lands behind the reply, which is kept and run: $kind", async (edit) => {
    const model = heldReplies();
    await using flow = flowOf(model.script);
    const run = flow.run("Go.");
    await model.inFlight("root", 0);
    const applied = run.apply(edit);
    model.answer("root", 0, "print('the reply is used')");
    await model.inFlight("root", 1);
    model.answer("root", 1, "done('end')");
    const { graph } = await run;
    runs.push(graph);
    expect(await applied).toEqual(["root#2"]);
    expect(graph.chain("root").map((node) => node.type)).toEqual([
      "query",
      "action",
      "observation",
      "observation",
      "action",
      "result",
    ]);
    expect(graph.chainAt("root", 3)).toMatchObject({ content: expect.stringContaining("the reply is used") });
  });

  test("a given result stands behind the reply, and what was paid is on record", async () => {
    const model = heldReplies();
    await using flow = flowOf(model.script);
    const run = flow.run("Go.");
    await model.inFlight("root", 0);
    const applied = run.apply({ kind: "result", agentId: "root", result: { by: "hand" } });
    model.answer("root", 0, "done('by the model')");
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toEqual({ by: "hand" });
    expect(await applied).toEqual(["root#2"]);
    expect(graph.chainAt("root", 1)).toMatchObject({ type: "action", attempts: [{ outcome: "complete" }] });
  });

  test("cancelling an agent cuts its own request and leaves those of others alone", async () => {
    const model = heldReplies();
    await using flow = flowOf(model.script);
    const run = flow.run("Go.");
    model.answer(
      "root",
      0,
      "const [a, b] = [delegate('a', 'A'), delegate('b', 'B')]; await a.then(() => {}, () => {}); done(await b)",
    );
    await model.inFlight("root.a", 0);
    await model.inFlight("root.b", 0);
    const cancelled = await run.apply({ kind: "cancel", agentId: "root.a" });
    model.answer("root.b", 0, "done('b is whole')");
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toBe("b is whole");
    expect(cancelled).toEqual(["root.a#1"]);
    expect(graph.chainAt("root.b", 1)).toMatchObject({ attempts: [{ outcome: "complete" }] });
  });

  test("many edits land in the order in which they were made, each once", async () => {
    const model = heldReplies();
    await using flow = flowOf(model.script);
    const run = flow.run("Go.");
    await model.inFlight("root", 0);
    const texts = Array.from({ length: 20 }, (_, index) => `note ${index}`);
    const applied = Promise.all(texts.map((text) => run.apply({ kind: "say", agentId: "root", text })));
    model.answer("root", 0, "print(1)");
    await model.inFlight("root", 1);
    model.answer("root", 1, "done(1)");
    const { graph } = await run;
    runs.push(graph);
    expect((await applied).flat()).toEqual(texts.map((_, index) => `root#${2 + index}`));
    expect(texts.map((_, index) => graph.find(`root#${2 + index}`))).toMatchObject(
      texts.map((content) => ({ content })),
    );
  });
});

describe("an edit of an agent that rests", () => {
  test("never crosses what moves the agent meanwhile", async () => {
    const children = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const script: Script = ({ agentId }) =>
      agentId === "root"
        ? block(
            `const list = ${JSON.stringify(children)}.map((name) => delegate(name, name)); let sum = 0; for (const one of list) sum += await one; done(sum)`,
          )
        : block("done(1)");
    await using flow = new RLMFlow({
      client: scriptedClient(script, { latencyMs: 4 }),
      runtime: inlineRuntime(),
      config: { maxConcurrency: 3 },
    });
    const run = flow.run("Sum.");
    const said: Promise<readonly string[]>[] = [];
    for await (const event of run) {
      if (event.type === "node" && event.node.type === "result" && event.node.agentId !== "root")
        said.push(run.apply({ kind: "say", agentId: "root", text: event.node.agentId }).catch(() => []));
    }
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toBe(30);
    expect((await Promise.all(said)).flat().length).toBeGreaterThan(10);
  });

  test("replaces code before it runs while the run is paused", async () => {
    const model = heldReplies();
    await using flow = flowOf(model.script);
    const run = flow.run("Go.");
    await model.inFlight("root", 0);
    const paused = run.pause();
    model.answer("root", 0, "done('as the model wrote it')");
    expect((await paused).head("root")).toMatchObject({ type: "action" });
    await expect(run.apply({ kind: "code", agentId: "root", code: "done(" })).rejects.toThrow(
      "does not parse",
    );
    await run.apply({ kind: "code", agentId: "root", code: "done('as it was changed')" });
    run.unpause();
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toBe("as it was changed");
    expect(graph.head("root")).toMatchObject({ id: "root#3" });
    expect(graph.find("root#2")).toMatchObject({ replaces: "root#1", origin: "user" });
  });

  test("ends a paused run when it gives the root's result", async () => {
    const model = heldReplies();
    await using flow = flowOf(model.script);
    const run = flow.run("Go.");
    await model.inFlight("root", 0);
    const paused = run.pause();
    model.answer("root", 0, "print(1)");
    await paused;
    await run.apply({ kind: "result", agentId: "root", result: "x".repeat(100_000) });
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toBe("x".repeat(100_000));
    expect(graph.head("root")).toMatchObject({ result: null, blobs: { result: { bytes: 100_002 } } });
  });
});

describe("an edit that does not fit", () => {
  test.each([
    [{ kind: "say", agentId: "root.nobody", text: "?" }, "There is no agent root.nobody"],
    [{ kind: "config", agentId: "root", config: {} }, "it changes nothing"],
    [{ kind: "config", agentId: "root", config: { maxIterations: 0 } }, "maxIterations must be"],
    [
      { kind: "config", agentId: "root", config: { model: "x" } },
      'there is no model "x"; models are default',
    ],
    [{ kind: "config", agentId: "root", config: { runtime: "x" } }, "can't move to another runtime"],
    [{ kind: "config", agentId: "root", config: { maxCostUsd: 1 } }, 'needs a price for model "default"'],
    [{ kind: "result", agentId: "root", result: "three" }, "does not fit the agent's output schema"],
    [{ kind: "say", agentId: "root" }, "the edit.text should be text but is missing"],
  ] as const)("is refused with the reason: %j", async (edit, message) => {
    await using flow = flowOf([block("print(1)"), block("done(3)")]);
    const graph = await flow.start("Go.", { output: { type: "number" } });
    const run = flow.resume(graph);
    const paused = run.pause();
    await paused;
    await expect(run.apply(edit as never)).rejects.toThrow(message);
    run.unpause();
    const { graph: whole } = await run;
    runs.push(whole);
    expect(whole.length).toBe(5);
  });

  test("is refused after an abort, which leaves the log to the next", async () => {
    const asked = Promise.withResolvers<void>();
    await using flow = flowOf(() => {
      asked.resolve();
      return new Promise<string>(() => {});
    });
    const run = flow.run("Go.");
    await asked.promise;
    await run.abort();
    await expect(run.apply({ kind: "say", agentId: "root", text: "?" })).rejects.toThrow("was aborted");
    await run.then(
      () => expect.unreachable(),
      (error) => expect(RLMError.is(error, "aborted")).toBe(true),
    );
  });

  test("finds nothing to cancel in an agent that has ended", async () => {
    await using flow = flowOf([block("done(1)")], { environment: fixedEnvironment() });
    const run = flow.run("Go.");
    await run;
    await expect(run.apply({ kind: "cancel", agentId: "root" })).rejects.toThrow(
      "there is nothing to cancel",
    );
  });
});

describe("a time limit that is changed while its agent waits", () => {
  test("ends it earlier, counted from the change", async () => {
    const model = heldReplies();
    await using flow = flowOf(model.script);
    const run = flow.run("Go.");
    model.answer("root", 0, "done(await delegate('a', 'A'))");
    await model.inFlight("root.a", 0);
    await run.apply({ kind: "config", agentId: "root", config: { maxDurationMs: 40 } });
    const error = await run.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: "limit_reached",
      message: expect.stringContaining("maxDurationMs = 40"),
    });
  });

  test("lets it go on for longer", async () => {
    const model = heldReplies();
    await using flow = flowOf(model.script, { config: { maxDurationMs: 3000 } });
    const run = flow.run("Go.");
    model.answer("root", 0, "done(await delegate('a', 'A'))");
    await model.inFlight("root.a", 0);
    for (const agentId of ["root", "root.a"])
      void run.apply({ kind: "config", agentId, config: { maxDurationMs: null } });
    model.answer("root.a", 0, "print('looked')");
    await model.inFlight("root.a", 1);
    await new Promise((resolve) => setTimeout(resolve, 3100));
    model.answer("root.a", 1, "done('in the end')");
    expect((await run).answer).toBe("in the end");
  });
});
