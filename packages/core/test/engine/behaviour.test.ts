import { checkRun, fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import { defaultEnvironment } from "../../src/engine/environment/default-environment.ts";
import {
  type Client,
  defineTool,
  Graph,
  memoryStores,
  RLMError,
  RLMFlow,
  type RunEvent,
} from "../../src/index.ts";
import { faultyRuntime } from "./faulty-runtime.ts";
import { block, failureOf, flowOf, runFailureOf, settled } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";

const runs: Graph[] = [];

afterEach(async () => {
  for (const graph of runs.splice(0)) await checkRun(graph, { runtimes: { default: inlineRuntime() } });
});

describe("what the model sees of a suspended block", () => {
  test("is all that it wrote, before and behind its waits", async () => {
    let seen = "";
    await using flow = flowOf(({ agentId, turn, messages }) => {
      if (agentId !== "root") return block("done('child')");
      seen = messages.at(-1)?.content ?? "";
      return block(
        turn === 0
          ? "print('before'); print(await delegate('a', 'A')); print(await delegate('b', 'B')); print('after')"
          : "done(1)",
      );
    });
    const { graph } = await flow.run("Go.");
    runs.push(graph);
    expect(graph.chain("root").map(({ type }) => type)).toContain("supervising");
    expect(seen).toContain("before\nchild\nchild\nafter");
    expect(graph.chain("root").find(({ type }) => type === "resume")).toMatchObject({
      block: { output: "child\nafter\n", shown: "child\nafter\n".length },
    });
  });

  test("holds also when its REPL was closed meanwhile", async () => {
    let seen = "";
    const large = "x".repeat(70_000);
    await using flow = flowOf(
      ({ agentId, turn, messages }) => {
        if (agentId !== "root") return block(turn === 0 ? "print('busy')" : "done('child')");
        seen = messages.at(-1)?.content ?? "";
        return block(turn === 0 ? `print('${large}'); await delegate('a', 'A'); print('after')` : "done(1)");
      },
      { config: { maxLiveRepls: 1, maxOutputLength: 100_000 } },
    );
    await flow.run("Go.");
    expect(seen).toContain(`${large}\nafter`);
  });
});

describe("done", () => {
  test("gives up waits that are open and cancels those waited for", async () => {
    await using flow = flowOf({
      root: [block("const a = delegate('a', 'A'); a.then(() => print('never')); await done('first')")],
      "root.a": [block("await new Promise(() => {})"), block("done(1)")],
    });
    const { answer, graph } = await flow.run("Go.");
    runs.push(graph);
    expect(answer).toBe("first");
    expect(graph.head("root")).toMatchObject({ cancelled: ["root.a"] });
    expect(graph.calls("root#1").map(({ name }) => name)).toEqual(["delegate"]);
  });

  test("accepts the first that fits", async () => {
    await using flow = flowOf([block("done(1); done(2); await new Promise(() => {})")]);
    const { answer, graph } = await flow.run("Go.");
    runs.push(graph);
    expect(answer).toBe(1);
  });
});

describe("waits of a block that is run again", () => {
  test("are delivered in the order in which they were completed", async () => {
    const letGo = new Map(["a", "b", "c"].map((name) => [name, Promise.withResolvers<void>()]));
    const held = (name: string) => letGo.get(name)?.promise;
    const code =
      "const all = ['a', 'b', 'c'].map((n) => delegate(n, n).then((v) => vars.seen.push(v))); vars.seen = []; await Promise.all(all); done(vars.seen)";
    await using flow = flowOf(
      ({ agentId }) =>
        block(agentId === "root" ? code : `await held('${agentId.at(-1)}'); done('${agentId.at(-1)}')`),
      {
        globals: { held },
      },
    );
    let graph = await flow.start("Go.");
    graph = await flow.step(graph);
    graph = await flow.step(graph, { agents: ["root"] });
    graph = await flow.step(graph);
    // All three run; they end in another order than they were begun, while the parent's REPL is gone.
    const stepping = flow.step(graph);
    for (const name of ["c", "a", "b"]) {
      letGo.get(name)?.resolve();
      await settled();
    }
    graph = await stepping;
    const copy = Graph.fromJSON(JSON.parse(JSON.stringify(graph)));
    const stores = memoryStores(fixedEnvironment().digest);
    await (await stores.forkRun(copy.run, [...copy.walk()])).close();
    await using other = flowOf(() => "", { workspace: stores, globals: { held } });
    const { answer, graph: whole } = await other.resume(copy);
    runs.push(whole);
    expect(answer).toEqual(["c", "a", "b"]);
  });
});

describe("a further query for a child", () => {
  test("may bring a model, and is refused what its REPL can't take", async () => {
    const asked: string[] = [];
    const client = (model: string): Client => ({
      ...scriptedClient(({ agentId, turn }) => {
        asked.push(`${agentId} ${turn} ${model}`);
        if (agentId === "root")
          return block(
            "const a = delegate('a', 'A'); await a; let why = ''; try { await delegate(a, 'B', { globals: { x: 1 } }) } catch (error) { why = error.message }; done([why, await delegate(a, 'C', { model: 'fast' })])",
          );
        return block(`done(${turn})`);
      }),
    });
    await using flow = new RLMFlow({
      clients: { default: client("default"), fast: client("fast") },
      runtime: inlineRuntime(),
      environment: fixedEnvironment(),
    });
    const { answer, graph } = await flow.run("Go.");
    runs.push(graph);
    expect(answer).toEqual([expect.stringContaining("can't bring a context, globals or a runtime"), 1]);
    expect(asked).toEqual(["root 0 default", "root.a 0 default", "root.a 1 fast"]);
  });
});

describe("limits of one agent", () => {
  test("that are changed leave the pool of the run as it is", async () => {
    let turns = 0;
    await using flow = flowOf(
      ({ agentId }) => {
        if (agentId === "root") return block("done(await delegate('a', 'A'))");
        turns += 1;
        return block(turns < 3 ? "print(1)" : "done('child')");
      },
      { config: { maxTotalTokens: 1_000_000 } },
    );
    const run = flow.run("Go.");
    for await (const event of run) if (event.type === "node" && event.node.id === "root.a#1") break;
    await run.apply({ kind: "config", agentId: "root.a", config: { maxTotalTokens: 100 } });
    const { answer, graph } = await run;
    runs.push(graph);
    expect(graph.head("root.a")).toMatchObject({
      kind: "limit_reached",
      limit: { name: "maxTotalTokens", value: 100 },
    });
    // The root asked on, and its next child was asked: the limit of the run still is its own.
    expect(answer).toBe("child");
  });
});

describe("two at once", () => {
  test("runs of one flow share its places for REPLs", async () => {
    const runtime = faultyRuntime();
    const script = ({ agentId, turn }: { readonly agentId: string; readonly turn: number }) =>
      agentId === "root"
        ? block("done(await Promise.all([delegate('a', 'A'), delegate('b', 'B')]))")
        : block(turn === 0 ? "vars.n = 20" : "done(vars.n)");
    await using flow = flowOf(script, { runtime, config: { maxLiveRepls: 2 } });
    const answers = await Promise.all(Array.from({ length: 6 }, () => flow.run("Go.")));
    expect(answers.map(({ answer }) => answer)).toEqual(Array(6).fill([20, 20]));
    expect(runtime.alive.most).toBe(2);
  });

  test("tasks for one root: the second hears that it is at work", async () => {
    await using flow = flowOf(({ turn }) => block(`done(${turn})`));
    const { graph } = await flow.run("Go.");
    const both = await Promise.allSettled([flow.continue(graph, "More."), flow.continue(graph, "And more.")]);
    expect(both[0]).toMatchObject({ status: "fulfilled", value: { answer: 1 } });
    const second = both[1];
    const reason: unknown = second?.status === "rejected" ? second.reason : null;
    expect(RLMError.is(reason, "edit_refused")).toBe(true);
  });
});

describe("a flow that lives long", () => {
  test("closes the runs that have rested longest, and takes them up again when they are wanted", async () => {
    const runtime = faultyRuntime();
    await using flow = flowOf(
      ({ turn }) => block(turn === 0 ? "vars.x = 41; done(vars.x)" : "done(vars.x + 1)"),
      {
        runtime,
        environment: defaultEnvironment(),
      },
    );
    const graphs: Graph[] = [];
    for (let round = 0; round < 50; round++) graphs.push((await flow.run("Go.")).graph);
    expect(runtime.alive.now).toBe(8);
    const [oldest] = graphs;
    if (oldest === undefined) throw new Error("fifty runs were made");
    const { answer, graph } = await flow.continue(oldest, "More.");
    runs.push(graph);
    expect(answer).toBe(42);
    expect(graph.branch).toBe("main");
  });

  test("holds nothing open once it is closed, also of runs on their way", async () => {
    const runtime = faultyRuntime();
    const flow = flowOf(() => block("await hang()"), {
      runtime,
      globals: { hang: () => new Promise(() => {}) },
    });
    const run = flow.run("Go.");
    const failed = runFailureOf(run);
    await settled();
    await flow.close();
    await flow.close();
    expect((await failed).code).toBe("aborted");
    expect(runtime.alive.now).toBe(0);
    expect(await failureOf(flow.run("Again."))).toMatchObject({ code: "closed" });
  });

  test("that is closed while a run begins has that run rejected", async () => {
    const flow = flowOf(() => block("done(1)"));
    const failed = failureOf(flow.run("Go."));
    await flow.close();
    expect(["closed", "aborted"]).toContain((await failed).code);
  });
});

describe("a graph that was written and read", () => {
  test("is still the head of its branch", async () => {
    await using flow = flowOf([block("print(1)"), block("done(2)")]);
    const begun = await flow.start("Go.");
    const next = await flow.step(Graph.fromJSON(JSON.parse(JSON.stringify(begun))));
    expect(next.branch).toBe("main");
    const after = await flow.step(Graph.fromJSON(JSON.parse(JSON.stringify(next))));
    expect([after.branch, after.length]).toEqual(["main", 3]);
  });
});

describe("events", () => {
  test("may be left at any time; the run goes on", async () => {
    await using flow = flowOf([block("print(1)"), block("done(2)")]);
    const run = flow.run("Go.");
    const seen: RunEvent[] = [];
    for await (const event of run) {
      seen.push(event);
      if (seen.length === 2) break;
    }
    expect((await run).answer).toBe(2);
    const all: RunEvent[] = [];
    for await (const event of run) all.push(event);
    expect(all.filter(({ type }) => type === "node")).toHaveLength(5);
  });
});

describe("a flow in a flow", () => {
  test("tells what a failed run used, as a request that failed", async () => {
    await using inner = flowOf(() => "no code", { config: { maxIterations: 2 } });
    const error = await failureOf(inner.chat([{ role: "user", content: "Go." }]));
    expect(error).toMatchObject({ code: "request_failed", details: { reason: "unknown" } });
    expect(error.details.usage).toMatchObject({ input: expect.any(Number), output: expect.any(Number) });
    await using outer = new RLMFlow({
      client: inner,
      runtime: inlineRuntime(),
      environment: fixedEnvironment(),
      closeRuntimes: false,
    });
    const failed = await runFailureOf(outer.run("Go."));
    expect(failed.message).toContain("reached maxIterations = 2");
    expect(failed.graph.usage().input).toBeGreaterThan(0);
  });

  test("begins a run again that had not come to its first node", async () => {
    const environment = fixedEnvironment();
    const stores = memoryStores(environment.digest);
    const digest = await environment.digest("run/main/root#1");
    const runId = `nested-${digest.slice(0, 32)}`;
    const branch = { id: "main", parent: null, createdAt: 0 };
    await (await stores.createRun({ runId, branch, metadata: {} })).close();
    await using inner = flowOf([block("done('here')")], { workspace: stores });
    const reply = await inner.chat([{ role: "user", content: "Go." }], { effectKey: "run/main/root#1" });
    expect(reply.text).toBe("here");
  });

  test("is cut with the request that it is", async () => {
    await using inner = flowOf(() => new Promise<string>(() => {}));
    const controller = new AbortController();
    const failed = failureOf(inner.chat([{ role: "user", content: "Go." }], { signal: controller.signal }));
    await settled();
    controller.abort();
    expect(await failed).toMatchObject({ code: "request_failed", details: { reason: "aborted" } });
  });
});

describe("a run of an id that is there", () => {
  const started = async (query: string) => {
    const stores = memoryStores(fixedEnvironment().digest);
    await using flow = flowOf([], { workspace: stores });
    await flow.start(query, { runId: "same" });
    return stores;
  };

  test("goes on when it has only the same query: its store could not be opened, or its process died", async () => {
    await using flow = flowOf([block("done('went on')")], { workspace: await started("Go.") });
    const { answer, graph } = await flow.run("Go.", { runId: "same" });
    expect(answer).toBe("went on");
    expect(graph.chain("root").filter((node) => node.type === "query")).toHaveLength(1);
  });

  test("is refused when it was asked something else, or has moved", async () => {
    const stores = await started("Go.");
    await using flow = flowOf([block("done(1)")], { workspace: stores });
    await expect(flow.run("Stop.", { runId: "same" })).rejects.toMatchObject({ code: "already_exists" });
    const other = flow.run("Go.", { runId: "same", metadata: { by: "another" } });
    await expect(other).rejects.toMatchObject({ code: "already_exists" });
    await flow.run("Go.", { runId: "same" });
    await using later = flowOf([], { workspace: stores });
    await expect(later.run("Go.", { runId: "same" })).rejects.toMatchObject({ code: "already_exists" });
  });

  test("is refused while the same flow has it open, and the open one goes on", async () => {
    await using flow = flowOf([block("done('first')")]);
    const graph = await flow.start("Go.", { runId: "same" });
    await expect(flow.start("Go.", { runId: "same" })).rejects.toMatchObject({
      code: "already_exists",
      message: expect.stringContaining("resume its graph"),
    });
    expect((await flow.resume(graph)).answer).toBe("first");
  });
});

describe("the price of a run", () => {
  test("is a limit that leaves room for one last reply", async () => {
    let last = "";
    const client = scriptedClient(({ messages }) => {
      last = messages.at(-1)?.content ?? "";
      return {
        text: block(last.includes("last reply") ? "done('short')" : "print(1)"),
        usage: { input: 100, cached: 0, output: 50, reasoning: 0, costMicroUsd: null },
      };
    });
    await using flow = new RLMFlow({
      client,
      runtime: inlineRuntime(),
      environment: fixedEnvironment(),
      prices: { scripted: { inputPerMillionUsd: 1, outputPerMillionUsd: 10 } },
      config: { maxCostUsd: 0.004, maxOutputTokens: 300 },
    });
    const { answer, usage } = await flow.run("Go.");
    expect(answer).toBe("short");
    expect(usage.costMicroUsd).toBeLessThanOrEqual(4000);
  });
});

describe("requests that were cut", () => {
  const HANGS = () => new Promise<string>(() => {});

  test("stand in the node that says why no answer came", async () => {
    const tokens = { input: 10, cached: 0, output: 5, reasoning: 0, costMicroUsd: null };
    await using flow = flowOf(
      ({ agentId, purpose, messages }) => {
        if (purpose === "query")
          return messages.at(-1)?.content === "hang" ? HANGS() : { text: "yes", usage: tokens };
        if (agentId === "root.a") return HANGS();
        if (agentId === "root.b")
          return block("await Promise.all([llmQuery('hang'), llmQuery('now'), hold()])");
        return block("await Promise.allSettled([delegate('a', 'A'), delegate('b', 'B')])");
      },
      { globals: { hold: () => new Promise(() => {}) } },
    );
    const run = flow.run("Go.");
    const failed = runFailureOf(run);
    for await (const event of run) if (event.type === "node" && event.node.id === "root.b#1/1") break;
    await run.apply({ kind: "cancel", agentId: "root" });
    const { graph } = await failed;
    runs.push(graph);
    expect(graph.head("root.a")).toMatchObject({ kind: "cancelled", attempts: [{ outcome: "aborted" }] });
    expect(graph.head("root.b")).toMatchObject({ kind: "cancelled", attempts: [{ outcome: "aborted" }] });
    // The root's reply, those of its child b and its two queries, and the one that its child a was not given.
    expect(graph.usage()).toMatchObject({ requests: 5, unknownTokens: 2 });
  });

  test("of a block that is undone are cut, and kept with the error", async () => {
    const state = { kind: "lost", blame: "block", message: "It took too much." } as const;
    const runtime = faultyRuntime({
      deliver: async (_spec, { index }, real) =>
        index === 2 ? { calls: [], output: "", codeMs: 0, state } : await real(),
    });
    const aborted: boolean[] = [];
    const tool = defineTool({
      name: "hold",
      description: "",
      input: { type: "object", properties: {} },
      repeat: "safe",
      run: (_input, { signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(aborted.push(true)))),
    });
    await using flow = flowOf(
      ({ purpose, turn }) => {
        if (purpose === "query") return HANGS();
        return block(turn === 0 ? "llmQuery('hang'); hold(); await echo('x')" : "done('after')");
      },
      { runtime, tools: [tool], globals: { echo: (value: string) => value } },
    );
    const { answer, graph } = await flow.run("Go.");
    expect(answer).toBe("after");
    expect(aborted).toEqual([true]);
    expect(graph.chainAt("root", 2)).toMatchObject({ dropped: "root#1", attempts: [{ outcome: "aborted" }] });
    await checkRun(graph);
  });
});
