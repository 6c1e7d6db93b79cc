import { checkRun, fixedEnvironment, type Script, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import {
  defineTool,
  type Environment,
  type FlowOptions,
  Graph,
  memoryStores,
  RLMError,
  RLMFlow,
  type RunError,
  type RunEvent,
  type RunNode,
} from "../../src/index.ts";
import { until } from "./flow-fixture.ts";
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

async function failureOf(promise: PromiseLike<unknown>): Promise<RunError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!RLMError.is(error)) throw new Error(`expected an RLMError, got ${String(error)}`);
  return error as RunError;
}

/** Takes a run up at one of its prefixes, as after a crash. */
function crashedAt(graph: Graph, length: number): Graph {
  return Graph.fromNodes(graph.run, [...graph.walk()].slice(0, length));
}

describe("a run that ended at a limit", () => {
  test("goes on in its REPL when the limit is raised", async () => {
    const script: Script = ({ turn, messages }) => {
      if (turn < 2) return block(`vars.seen = (vars.seen ?? 0) + 1; print('turn ${turn}')`);
      expect(messages.at(-1)?.content).toContain("You were stopped at a limit (maxIterations = 2)");
      expect(messages.map(({ role }) => role)).toEqual([
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
      ]);
      return block("done(vars.seen)");
    };
    await using flow = flowOf(script, { config: { maxIterations: 2 } });
    const { graph, code } = await failureOf(flow.run("Count."));
    expect(code).toBe("limit_reached");
    const { answer, graph: whole } = await flow.resume(graph, { config: { maxIterations: 5 } });
    runs.push(whole);
    expect(answer).toBe(2);
    expect(whole.chain("root").slice(-4)).toMatchObject([
      { type: "error", fatal: true },
      { type: "observation", origin: "user", edit: { kind: "config" } },
      { type: "action", final: false },
      { type: "result" },
    ]);
  });

  test("goes on in another process", async () => {
    const options = { config: { maxIterations: 1 }, workspace: memoryStores(fixedEnvironment().digest) };
    const script: Script = ({ turn }) => block(turn === 0 ? "vars.x = 6" : "done(vars.x * 7)");
    await using first = flowOf(script, options);
    const { graph } = await failureOf(first.run("Go."));
    await first.close();
    await using second = flowOf(script, options);
    const { answer, graph: whole } = await second.resume(graph, { config: { maxIterations: 3 } });
    runs.push(whole);
    expect(answer).toBe(42);
  });

  test("goes on when tokens are raised, and what was spent counts", async () => {
    const script: Script = ({ turn }) => block(turn < 12 ? "print('again')" : "done('enough')");
    await using flow = flowOf(script, { config: { maxTotalTokens: 2000, maxOutputTokens: 300 } });
    const first = await failureOf(flow.run("Spend."));
    expect(first.message).toContain("maxTotalTokens = 2000");
    const again = await failureOf(flow.resume(first.graph, { config: { maxTotalTokens: 2500 } }));
    expect(again.message).toContain("maxTotalTokens = 2500");
    const { answer, graph, usage } = await flow.resume(again.graph, { config: { maxTotalTokens: null } });
    runs.push(graph);
    expect(answer).toBe("enough");
    expect(usage.requests).toBe(13);
  });

  test("undoes the block that its time ended in, tells so, and counts its time anew", async () => {
    const script: Script = ({ turn, messages }) => {
      if (turn === 0) return block("vars.kept = 1");
      if (turn === 1) return block("vars.kept = 2; await slow(60000)");
      expect(messages.at(-1)?.content).toContain("The block that was running then is undone");
      return block("done(vars.kept)");
    };
    await using flow = flowOf(script, { tools: [slow], config: { maxDurationMs: 150 } });
    const { graph } = await failureOf(flow.run("Hurry."));
    expect(graph.head("root")).toMatchObject({ kind: "limit_reached", dropped: "root#3" });
    const { answer, graph: whole } = await flow.resume(graph, { config: { maxDurationMs: 5_000 } });
    runs.push(whole);
    expect(answer).toBe(1);
  });

  test.each([
    [{}, "maxIterations = 2"],
    [{ maxIterations: 2 }, "only a higher maxIterations lets it go on"],
    [{ maxDepth: 9 }, "only a higher maxIterations lets it go on"],
  ] as const)("stays ended with %j", async (config, message) => {
    await using flow = flowOf(() => block("print(1)"), { config: { maxIterations: 2 } });
    const { graph } = await failureOf(flow.run("Go."));
    expect((await failureOf(flow.resume(graph, { config }))).message).toContain(message);
  });

  test("can be opened by an edit of the ended run, and then resumed", async () => {
    await using flow = flowOf(({ turn }) => block(turn < 1 ? "print(1)" : "done(2)"), {
      config: { maxIterations: 1 },
    });
    const run = flow.run("Go.");
    await failureOf(run);
    await run.apply({ kind: "config", agentId: "root", config: { maxIterations: 2 } });
    expect(run.graph.finished).toBe(false);
    const { answer, graph } = await flow.resume(run.graph);
    runs.push(graph);
    expect(answer).toBe(2);
  });
});

const slow = defineTool({
  name: "slow",
  description: "Takes its time.",
  input: { type: "object", properties: { ms: { type: "number" } }, required: ["ms"] },
  repeat: "safe",
  run: ({ ms }: { ms: number }) => new Promise((resolve) => setTimeout(() => resolve(ms), ms)),
});

describe("a child that ended at a limit", () => {
  /** `a` uses up its requests at once, `b` is held back: the parent waits for both and has heard of neither. */
  function family() {
    const b = Promise.withResolvers<string>();
    const script: Script = ({ agentId, turn }) => {
      if (agentId === "root")
        return block("done(await wait(delegate('a', 'A', { maxIterations: 1 }), delegate('b', 'B')))");
      if (agentId === "root.a") return block(turn === 0 ? "vars.x = 'a'; print(1)" : "done(vars.x)");
      return b.promise;
    };
    return { script, letGo: () => b.resolve(block("done('b')")) };
  }

  async function endOf(run: AsyncIterable<RunEvent>, agentId: string): Promise<RunNode> {
    for await (const event of run) {
      if (event.type === "node" && event.node.agentId === agentId && event.node.type === "error")
        return event.node;
    }
    throw new Error(`${agentId} never ended`);
  }

  test("goes on while its parent has not heard of it", async () => {
    const { script, letGo } = family();
    await using flow = flowOf(script);
    const run = flow.run("Both.");
    expect(await endOf(run, "root.a")).toMatchObject({ kind: "limit_reached" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await run.apply({ kind: "config", agentId: "root.a", config: { maxIterations: 4 } });
    setTimeout(letGo, 20);
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toEqual(["a", "b"]);
  });

  test("goes on although everybody else it was waited for with has ended before it", async () => {
    const { script, letGo } = family();
    await using flow = flowOf(script);
    const run = flow.run("Both.");
    await endOf(run, "root.a");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const reopened = run.apply({ kind: "config", agentId: "root.a", config: { maxIterations: 4 } });
    letGo();
    await reopened;
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toEqual(["a", "b"]);
  });

  test("stays ended when its parent was told", async () => {
    const script: Script = ({ agentId, turn }) => {
      if (agentId === "root")
        return turn === 0
          ? block(
              "try { await delegate('a', 'A', { maxIterations: 1 }) } catch (error) { print(error.message) }",
            )
          : new Promise<string>(() => {});
      return block("print(1)");
    };
    await using flow = flowOf(script);
    const run = flow.run("One.");
    await endOf(run, "root.a");
    await until(() => run.graph.head("root")?.type === "resume");
    const edit = { kind: "config", agentId: "root.a", config: { maxIterations: 4 } } as const;
    await expect(run.apply(edit)).rejects.toThrow("its parent was told so");
    await run.apply({ kind: "cancel", agentId: "root" });
    await expect(run.apply(edit)).rejects.toThrow("and so has its parent");
    await failureOf(run);
  });
});

describe("what is resumed", () => {
  const delegating: Script = ({ agentId, turn }) =>
    agentId !== "root"
      ? block("done('child')")
      : turn === 0
        ? block("print(await note('first'))")
        : block("const h = delegate('a', 'A'); print(await note('second')); done(await h)");

  const notes: string[] = [];
  const note = (repeat: "safe" | "never") =>
    defineTool({
      name: "note",
      description: "Writes down.",
      input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      repeat,
      run: ({ text }: { text: string }) => {
        notes.push(text);
        return text;
      },
    });

  test("is told from every prefix of a run, and every prefix goes on to the same answer", async () => {
    const whole = await flowOf(delegating, { tools: [note("safe")] }).run("Go.");
    for (let length = 1; length < whole.graph.length; length += 1) {
      const crashed = crashedAt(whole.graph, length);
      const asked: string[] = [];
      const script: Script = (request) => {
        asked.push(`${request.agentId} ${request.turn}`);
        return typeof delegating === "function" ? delegating(request) : "";
      };
      await using flow = flowOf(script, { tools: [note("safe")] });
      const run = flow.resume(crashed);
      const { answer, graph } = await run;
      runs.push(graph);
      expect(answer).toBe("child");
      const kept = [...crashed.walk()].filter((node) => node.type === "action");
      expect(await run.resumed()).toMatchObject({ nodes: length, replies: kept.length, droppedBytes: 0 });
      for (const { agentId } of kept.filter(({ agentId }) => agentId !== "root"))
        expect(asked).not.toContain(`${agentId} 0`);
      expect(graph.find(crashed.last()?.id ?? "")).toEqual(crashed.last());
    }
  });

  test("names calls that are made again, those that must not be, and children not yet born", async () => {
    const { graph } = await flowOf(delegating, { tools: [note("never")] }).run("Go.");
    const nodes = [...graph.walk()];
    const intent = nodes.findIndex((node) => node.type === "call" && node.intent === true);
    await using flow = flowOf(delegating, { tools: [note("never")] });
    const run = flow.resume(crashedAt(graph, intent + 1));
    notes.length = 0;
    const { graph: whole } = await run;
    runs.push(whole);
    expect(await run.resumed()).toMatchObject({ agents: 1, outcomeUnknown: ["root#1/0"] });
    expect(whole.find("root#1/0")).toMatchObject({
      outcome: { ok: false, error: { name: "outcome_unknown" } },
    });
    expect(notes).toEqual(["second"]);
    const delegation = nodes.findIndex((node) => node.type === "call" && node.name === "delegate");
    const bornAgain = flowOf(delegating, { tools: [note("never")] }).resume(crashedAt(graph, delegation + 1));
    expect((await bornAgain).answer).toBe("child");
    expect(await bornAgain.resumed()).toMatchObject({ spawned: ["root.a"] });
  });

  test("names a call without an intent when it is made again", async () => {
    const { graph } = await flowOf(delegating, { tools: [note("safe")] }).run("Go.");
    const action = [...graph.walk()].findIndex((node) => node.type === "action");
    const run = flowOf(delegating, { tools: [note("safe")] }).resume(crashedAt(graph, action + 1));
    const repeated: RunEvent[] = [];
    for await (const event of run) if (event.type === "repeated") repeated.push(event);
    expect(repeated).toEqual([{ type: "repeated", agentId: "root", callId: "root#1/0", name: "note" }]);
  });

  test("counts agents that nobody waits for any more: they are cancelled", async () => {
    const script: Script = ({ agentId, turn }) =>
      agentId !== "root"
        ? new Promise<string>(() => {})
        : block(turn === 0 ? "delegate('a', 'A')" : "done(1)");
    const { graph } = await flowOf(script).run("Go.");
    const end = [...graph.walk()].findIndex((node) => node.type === "result");
    await using flow = flowOf(script);
    const run = flow.resume(crashedAt(graph, end + 1));
    expect((await run).answer).toBe(1);
    expect(await run.resumed()).toMatchObject({ agents: 0, cancelled: ["root.a"] });
    runs.push(run.graph);
    expect(run.graph.head("root.a")).toMatchObject({
      kind: "cancelled",
      message: expect.stringContaining("nobody"),
    });
  });
});

/** The real clock, set so many milliseconds ahead. */
function clockAhead(ms: () => number): Environment {
  return {
    ...fixedEnvironment(),
    now: () => Date.now() + ms(),
    sleep: (wait, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, wait);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

describe("the clock", () => {
  const DAY = 86_400_000;

  test("counts no time in which nobody worked on the run against its limit", async () => {
    const script: Script = ({ turn }) => block(turn < 2 ? "print(1)" : "done('in time')");
    const common = { workspace: memoryStores(fixedEnvironment().digest), config: { maxDurationMs: 60_000 } };
    await using early = flowOf(script, { ...common, environment: clockAhead(() => -DAY) });
    const graph = await early.step(await early.start("Go."));
    await using late = flowOf(script, { ...common, environment: clockAhead(() => 0) });
    expect((await late.resume(graph)).answer).toBe("in time");
  });

  test("may be set back in the middle of a run: time on record goes on", async () => {
    let ahead = 0;
    const script: Script = ({ agentId, turn }) => {
      ahead -= DAY;
      if (agentId !== "root") return block("done(1)");
      return block(turn < 3 ? "await delegate('a', 'A'); await slow(1)" : "done('end')");
    };
    await using flow = flowOf(script, {
      tools: [slow],
      environment: clockAhead(() => ahead),
      config: { maxDurationMs: 30_000 },
    });
    const { answer, graph } = await flow.run("Go.");
    runs.push(graph);
    expect(answer).toBe("end");
    const times = [...graph.walk()].map((node) => node.endedAt);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const node of graph.walk()) expect(node.endedAt).toBeGreaterThanOrEqual(node.startedAt);
  });
});
