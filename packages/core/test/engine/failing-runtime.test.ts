import { checkRun, type ScriptedRequest, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type Graph, RLMError, RLMFlow, type Runtime } from "../../src/index.ts";
import { block, runFailureOf } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";

const runs: Graph[] = [];

afterEach(async () => {
  for (const graph of runs.splice(0))
    await checkRun(graph, { runtimes: { default: inlineRuntime(), far: inlineRuntime() } });
});

/** A runtime whose engine is away as long as it is told so; every REPL is lost when it goes away. */
function remoteRuntime(): { readonly runtime: Runtime; readonly engine: { away: boolean; opened: number } } {
  const engine = { away: false, opened: 0 };
  const inner = inlineRuntime();
  const runtime: Runtime = {
    ...inner,
    async open(spec) {
      engine.opened += 1;
      if (engine.away) throw new RLMError("runtime_failed", "No engine answers. Start it.");
      const session = await inner.open(spec);
      const lost = { kind: "lost", blame: "none", message: "the engine went away" } as const;
      const gone = { calls: [], output: "", codeMs: 0, state: lost };
      return {
        start: async (code) => (engine.away ? gone : await session.start(code)),
        deliver: async (answer) => (engine.away ? gone : await session.deliver(answer)),
        dispose: () => session.dispose(),
      };
    },
  };
  return { runtime, engine };
}

/** A client that counts what it is asked. */
function counting(script: (request: ScriptedRequest) => string) {
  const asked: string[] = [];
  const client = scriptedClient((request) => {
    asked.push(`${request.agentId}#${request.turn}`);
    return script(request);
  });
  return { client, asked };
}

describe("a run whose runtime opens no REPL", () => {
  test("asks its model nothing, and goes on when the runtime is well", async () => {
    const { runtime, engine } = remoteRuntime();
    const { client, asked } = counting(() => block("done(1)"));
    engine.away = true;
    await using flow = new RLMFlow({ client, runtime });
    const failure = await runFailureOf(flow.run("Count."));
    expect(failure).toMatchObject({
      code: "runtime_failed",
      message: "No REPL could be opened for root: No engine answers. Start it.",
    });
    expect(asked).toEqual([]);
    engine.away = false;
    const { answer, graph } = await flow.resume(failure.graph);
    expect([answer, asked]).toEqual([1, ["root#0"]]);
    runs.push(graph);
  });

  test("opens the first REPL of a runtime before the request, the others while their agents' first replies come", async () => {
    const { runtime, engine } = remoteRuntime();
    const openedWhenAsked: number[] = [];
    const { client } = counting(({ agentId, turn }) => {
      openedWhenAsked.push(engine.opened);
      if (agentId !== "root") return block("done(2)");
      return turn === 0 ? block('print(await wait(delegate("a", "Two?")))') : block("done(3)");
    });
    await using flow = new RLMFlow({ client, runtime });
    const { answer, graph } = await flow.run("Count.");
    expect([answer, openedWhenAsked]).toEqual([3, [1, 2, 2]]);
    runs.push(graph);
  });

  test("tells the parent of a child whose runtime is away, before the child asks anything", async () => {
    const { runtime: far, engine } = remoteRuntime();
    engine.away = true;
    const { client, asked } = counting(() =>
      block(
        'try { await wait(delegate("a", "Two?", { runtime: "far" })) } catch (error) { done(error.message) }',
      ),
    );
    await using flow = new RLMFlow({ client, runtimes: { default: inlineRuntime(), far } });
    const { answer, graph } = await flow.run("Count.");
    expect(answer).toBe("root.a: its runtime failed.");
    expect(graph.head("root.a")).toMatchObject({
      message: expect.stringContaining("No engine answers. Start it."),
    });
    expect(asked).toEqual(["root#0"]);
    runs.push(graph);
  });
});

describe("a run whose runtime goes away", () => {
  test("goes on with the block that could not be run, and asks nothing again", async () => {
    const { runtime, engine } = remoteRuntime();
    const { client, asked } = counting(({ turn, messages }) => {
      if (turn === 0) return block("vars.n = 20; print(vars.n)");
      engine.away = asked.length === 2;
      expect(messages.some(({ content }) => content.includes("engine"))).toBe(false);
      return turn === 1 ? block("vars.n += 1; print(vars.n)") : block("done(vars.n)");
    });
    await using flow = new RLMFlow({ client, runtime });
    const failure = await runFailureOf(flow.run("Count."));
    expect(failure.code).toBe("runtime_failed");
    expect(failure.message).toContain("The block root#3 could not be run: No engine answers.");
    engine.away = false;
    const { answer, graph } = await flow.resume(failure.graph);
    expect([answer, asked]).toEqual([21, ["root#0", "root#1", "root#2"]]);
    runs.push(graph);
  });

  test("goes on with a block that was suspended on a child", async () => {
    const { runtime, engine } = remoteRuntime();
    const { client, asked } = counting(({ agentId, turn }) => {
      if (agentId === "root.a") return block("done(20)");
      return turn === 0
        ? block('const [n] = await wait(delegate("a", "Twenty?")); done(n + 1)')
        : block("done(0)");
    });
    await using flow = new RLMFlow({ client, runtime });
    const untilItFails = async (): Promise<void> => {
      for await (const event of flow.run("Count."))
        engine.away ||= event.type === "node" && event.node.id === "root.a#2";
    };
    const failure = await runFailureOf(untilItFails());
    expect(failure).toMatchObject({ code: "runtime_failed" });
    engine.away = false;
    const { answer, graph } = await flow.resume(failure.graph);
    expect([answer, asked]).toEqual([21, ["root#0", "root.a#0"]]);
    runs.push(graph);
  });
});

test.each<readonly [unknown, string]>([
  [{}, 'the runtime "default" has no protocol, no name, no language, no open(), no close()'],
  [{ ...inlineRuntime(), close: undefined }, 'the runtime "default" has no close()'],
  [{ ...inlineRuntime(), protocol: 2 }, 'the runtime "default" is not a runtime of protocol 1'],
])("what is no runtime is refused by what it lacks: %#", (runtime, problem) => {
  const client = scriptedClient([]);
  expect(() => new RLMFlow({ client, runtime: runtime as Runtime })).toThrow(problem);
});
