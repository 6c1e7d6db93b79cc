import { checkRun, fixedEnvironment, type Script, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import {
  defineTool,
  type FlowOptions,
  type Graph,
  RLMError,
  RLMFlow,
  type RunEvent,
} from "../../../src/index.ts";
import { block, failureOf, flowOf, heldTool, until } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

const runs: Graph[] = [];

afterEach(async () => {
  for (const graph of runs.splice(0)) await checkRun(graph, { runtimes: { default: inlineRuntime() } });
});

const slow = defineTool({
  name: "slow",
  description: "Takes its time.",
  input: { type: "object", properties: { ms: { type: "number" } }, required: ["ms"] },
  repeat: "safe",
  run: ({ ms }: { ms: number }) => new Promise((resolve) => setTimeout(() => resolve(ms), ms)),
});

describe("events", () => {
  test("tell every node in the order of the log, and text as it arrives", async () => {
    await using flow = flowOf([block("print('a')"), block("done('b')")]);
    const run = flow.run("Watch me.");
    const events: RunEvent[] = [];
    for await (const event of run) events.push(event);
    const nodes = events.filter((event) => event.type === "node").map((event) => event.node.id);
    const { graph } = await run;
    expect(nodes).toEqual([...graph.walk()].map((node) => node.id));
    expect(
      events
        .filter((event) => event.type === "text")
        .map((event) => event.text)
        .join(""),
    ).toContain("done('b')");
    expect(events).toContainEqual({ type: "output", agentId: "root", text: "a\n" });
  });

  test("tell that the run is paused, and that it goes on", async () => {
    await using flow = flowOf([block("await slow(60)"), block("done('end')")], { tools: [slow] });
    const run = flow.run("Wait.");
    const told: string[] = [];
    const listening = (async () => {
      for await (const { type } of run) if (type === "paused" || type === "unpaused") told.push(type);
    })();
    await run.pause();
    await run.pause();
    run.unpause();
    run.unpause();
    await run;
    await listening;
    expect(told).toEqual(["paused", "unpaused"]);
  });

  test("throw what the run rejects with", async () => {
    await using flow = flowOf(["nothing"], { config: { maxIterations: 1 } });
    const iterate = async () => {
      for await (const event of flow.run("Fail.")) expect(event.type).toBeTypeOf("string");
    };
    await expect(iterate()).rejects.toThrow("maxIterations = 1");
  });
});

describe("abort", () => {
  test("cuts a request in flight, and resume asks only what has no reply", async () => {
    const asked: number[] = [];
    const script: Script = ({ turn }) => {
      asked.push(turn);
      return turn === 0
        ? block("print(1)")
        : turn === 1 && asked.length < 3
          ? new Promise<string>(() => {})
          : block("done('late')");
    };
    await using flow = flowOf(script);
    const controller = new AbortController();
    const run = flow.run("Stop me.", { signal: controller.signal });
    await until(() => asked.length === 2);
    controller.abort();
    const error = await failureOf(run);
    expect(error.code).toBe("aborted");
    const { graph } = error as RLMError & { graph: Graph };
    expect(graph.length).toBe(3);
    const { answer } = await flow.resume(graph);
    expect(answer).toBe("late");
    expect(asked).toEqual([0, 1, 1]);
  });

  test("stops a block that waits for a tool", async () => {
    const held = heldTool("held");
    await using flow = flowOf([block("await held({})")], { tools: [held.tool] });
    const run = flow.run("Stop me.");
    await held.called;
    void run.abort();
    expect((await failureOf(run)).code).toBe("aborted");
  });
});

describe("pause", () => {
  test("lands what is in flight and starts nothing new until it goes on", async () => {
    const held = heldTool("held");
    await using flow = flowOf([block("await held({})"), block("done('end')")], { tools: [held.tool] });
    const run = flow.run("Wait.");
    await held.called;
    const pausing = run.pause();
    held.letGo();
    const paused = await pausing;
    expect(paused.head("root")?.type).toBe("observation");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(run.graph.length).toBe(paused.length);
    run.unpause();
    expect((await run).answer).toBe("end");
  });
});

describe("edits of a live run", () => {
  test("say something that the model sees next", async () => {
    let seen = "";
    const script: Script = ({ turn, messages }) => {
      seen = messages.at(-1)?.content ?? "";
      return turn === 0 ? block("await held({})") : block("done('ok')");
    };
    const held = heldTool("held");
    await using flow = flowOf(script, { tools: [held.tool] });
    const run = flow.run("Listen.");
    await held.called;
    const said = run.apply({ kind: "say", agentId: "root", text: "Mind the gap." });
    held.letGo();
    await said;
    const { graph } = await run;
    runs.push(graph);
    expect(seen).toContain("Mind the gap.");
    expect(graph.chain("root").some((node) => node.origin === "user")).toBe(true);
  });

  test("cancel a child: its parent's await rejects and goes on", async () => {
    const held = heldTool("held");
    await using flow = flowOf(
      {
        root: [
          block(
            "try { await delegate('child', 'Long.') } catch (error) { done('without: ' + error.message) }",
          ),
        ],
        "root.child": [block("await held({})")],
      },
      { tools: [held.tool] },
    );
    const run = flow.run("Cancel.");
    await held.called;
    await run.apply({ kind: "cancel", agentId: "root.child", reason: "no need" });
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toContain("no need");
  });

  test("give a child's result in its place, and free what works below it", async () => {
    const client = scriptedClient(({ agentId }) => {
      if (agentId === "root") return block("done(await delegate('child', 'Long.'))");
      return agentId === "root.child" ? block("await delegate('grand', 'x')") : new Promise<string>(() => {});
    });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime() });
    const run = flow.run("Replace.");
    for await (const event of run) {
      if (event.type !== "node" || event.node.type !== "supervising") continue;
      if (event.node.agentId === "root.child")
        await run.apply({ kind: "result", agentId: "root.child", result: "by hand" });
    }
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toBe("by hand");
    expect(graph.head("root.child.grand")).toMatchObject({ kind: "cancelled" });
  });

  test("are refused where they do not fit, and say why", async () => {
    const held = heldTool("held");
    await using flow = flowOf([block("await held({})"), block("done(1)")], { tools: [held.tool] });
    const run = flow.run("Refuse.");
    await held.called;
    await expect(run.apply({ kind: "say", agentId: "root.nobody", text: "?" })).rejects.toThrow(
      "There is no agent root.nobody",
    );
    held.letGo();
    await run;
    await expect(run.apply({ kind: "say", agentId: "root", text: "?" })).rejects.toThrow("has ended");
  });
});

describe("limits", () => {
  test("force a final request and then end with the last output", async () => {
    let last = "";
    await using flow = flowOf(
      ({ messages }) => {
        last = messages.at(-1)?.content ?? "";
        return block("print('still thinking')");
      },
      { config: { maxIterations: 3 } },
    );
    const error = await failureOf(flow.run("Think."));
    expect(error.code).toBe("limit_reached");
    expect(last).toContain("last reply");
    const head = (error as RLMError & { graph: Graph }).graph.head("root");
    expect(head).toMatchObject({ type: "error", fatal: true, limit: { name: "maxIterations", value: 3 } });
    expect(head).toHaveProperty("content", expect.stringContaining("still thinking"));
  });

  test("refuse children beyond the depth with an error the code can catch", async () => {
    await using flow = flowOf(
      [block("try { await delegate('x', 'X') } catch (error) { done(error.message) }")],
      { config: { maxDepth: 0 } },
    );
    const { answer, graph } = await flow.run("Dig.");
    runs.push(graph);
    expect(answer).toContain("maximum depth of 0");
  });

  test("hold tokens for the whole tree and say which limit was hit", async () => {
    await using flow = flowOf(() => block("print('again')"), {
      config: { maxTotalTokens: 3000, maxOutputTokens: 500, maxIterations: 30 },
    });
    const error = await failureOf(flow.run("Spend."));
    expect(error.code).toBe("limit_reached");
    expect(error.message).toContain("maxTotalTokens = 3000");
    const { graph } = error as RLMError & { graph: Graph };
    expect(graph.usage().input + graph.usage().output).toBeLessThanOrEqual(3000);
  });

  test("end an agent whose time is up, also inside a block", async () => {
    const { environment: _, ...rest } = { environment: null };
    await using flow = new RLMFlow({
      ...rest,
      client: scriptedClient([block("await slow(60000)")]),
      runtime: inlineRuntime(),
      tools: [slow],
      config: { maxDurationMs: 120 },
    });
    const error = await failureOf(flow.run("Hurry."));
    expect(error.code).toBe("limit_reached");
    expect(error.message).toContain("maxDurationMs = 120");
  });

  test("bound the requests in flight", async () => {
    let inFlight = 0;
    let most = 0;
    const client = scriptedClient(async ({ agentId }) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inFlight -= 1;
      return agentId === "root"
        ? block("done((await Promise.all(Array.from({length: 20}, (_, i) => delegate('c', 'C')))).length)")
        : block("done(1)");
    });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), config: { maxConcurrency: 3 } });
    expect((await flow.run("Many.")).answer).toBe(20);
    expect(most).toBe(3);
  });
});

describe("requests that fail", () => {
  test("are made again when the failure passes, and every attempt is kept", async () => {
    let asked = 0;
    const client = scriptedClient(() => {
      asked += 1;
      if (asked < 3)
        throw new RLMError("request_failed", "slow down", {
          details: { reason: "rate_limit", retryAfterMs: 10 },
        });
      return block("done('third')");
    });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), environment: fixedEnvironment() });
    const { answer, graph, usage } = await flow.run("Retry.");
    expect(answer).toBe("third");
    expect(graph.chainAt("root", 1)).toMatchObject({
      attempts: [{ outcome: "rate_limit" }, { outcome: "rate_limit" }, { outcome: "complete" }],
    });
    expect(usage).toMatchObject({ requests: 3, unknownTokens: 2 });
  });

  test("end the agent when the failure is for good", async () => {
    const client = scriptedClient(() => {
      throw new RLMError("request_failed", "bad key", { details: { reason: "authentication" } });
    });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), environment: fixedEnvironment() });
    const error = await failureOf(flow.run("Fail."));
    expect(error.code).toBe("request_failed");
    expect(error.message).toContain("bad key");
  });
});

describe("sub-LLM queries", () => {
  test("answer text or checked JSON, and are paid by the agent", async () => {
    const client = scriptedClient(({ purpose, messages }) => {
      if (purpose === "act")
        return block(
          "const text = await llmQuery('Say hi.'); const data = await llmQuery('Count.', { output: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } }); done([text, data])",
        );
      if (messages.length > 2) return '{"n": 7}';
      return messages[0]?.role === "system" ? "seven" : "hi";
    });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), environment: fixedEnvironment() });
    const { answer, graph } = await flow.run("Ask.");
    runs.push(graph);
    expect(answer).toEqual(["hi", { n: 7 }]);
    expect(graph.calls("root#1").map((call) => call.attempts?.length)).toEqual([1, 2]);
    expect(graph.usage().requests).toBe(4);
  });
});

describe("contexts", () => {
  test("reach a child as text or by reference", async () => {
    const specs: string[] = [];
    const runtime = inlineRuntime((session) => {
      specs.push(
        `${session.spec.agentId}: ${session.spec.contexts.map((context) => `${context.key}=${context.read(0, context.characters)}`).join()}`,
      );
    });
    await using flow = new RLMFlow({
      client: scriptedClient(({ agentId }) =>
        agentId === "root"
          ? block("done(await delegate('reader', 'Read.', { context: 'passed on' }))")
          : block("done('read')"),
      ),
      runtime,
      environment: fixedEnvironment(),
    });
    const { graph } = await flow.run(undefined, { context: "the whole" });
    expect(specs).toEqual(["root: context=the whole", "root.reader: context=passed on"]);
    expect(graph.chainAt("root", 0)).toMatchObject({ query: expect.stringContaining("Read the context") });
  });
});

describe("large values", () => {
  test("are kept as blobs and come back whole", async () => {
    const stores: FlowOptions["workspace"][] = [];
    await using flow = flowOf([block("print('x'.repeat(100000)); done(await echo('y'.repeat(100000)))")], {
      globals: { echo: (text: string) => text },
    });
    const { answer, graph } = await flow.run("Large.");
    expect(String(answer).length).toBe(100000);
    expect(graph.head("root")).toMatchObject({
      result: null,
      blobs: { result: { bytes: 100002 } },
      block: { output: null },
    });
    expect(stores).toEqual([]);
  });
});

describe("a flow as a client", () => {
  test("answers a conversation, and finds an outer call's run again", async () => {
    let asked = 0;
    await using inner = flowOf(() => {
      asked += 1;
      return block("done('inner answer')");
    });
    const messages = [
      { role: "user", content: "Earlier." },
      { role: "assistant", content: "Yes." },
      { role: "user", content: "Now?" },
    ] as const;
    expect((await inner.chat(messages, { effectKey: "run/main/root#1" })).text).toBe("inner answer");
    expect((await inner.chat(messages, { effectKey: "run/main/root#1" })).text).toBe("inner answer");
    expect(asked).toBe(1);
  });
});
