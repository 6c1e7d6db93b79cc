import { checkRun, fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import { defineTool, type Graph, RLMError, RLMFlow, type RunError } from "../../../src/index.ts";
import { block, flowOf } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

const runs: Graph[] = [];

afterEach(async () => {
  for (const graph of runs.splice(0)) await checkRun(graph, { runtimes: { default: inlineRuntime() } });
});

const double = defineTool({
  name: "double",
  description: "Twice the number.",
  input: { type: "object", properties: { number: { type: "number" } }, required: ["number"] },
  repeat: "safe",
  run: (input: { number: number }) => input.number * 2,
});

describe("a run", () => {
  test("answers with what the root gives to done", async () => {
    await using flow = flowOf([block("print('hello')"), block("done({ sum: 3 })")]);
    const { answer, graph, usage } = await flow.run("Add one and two.");
    runs.push(graph);
    expect(answer).toEqual({ sum: 3 });
    expect([...graph.walk()].map((node) => node.id)).toEqual([
      "root#0",
      "root#1",
      "root#2",
      "root#3",
      "root#4",
    ]);
    expect(graph.chain("root").map((node) => node.type)).toEqual([
      "query",
      "action",
      "observation",
      "action",
      "result",
    ]);
    expect(usage.requests).toBe(2);
  });

  test("calls tools and puts their answers into the log before the code has them", async () => {
    await using flow = flowOf(
      [block("const [a, b] = await Promise.all([double(4), double(5)]); done(a + b)")],
      { tools: [double] },
    );
    const { answer, graph } = await flow.run("Double.");
    runs.push(graph);
    expect(answer).toBe(18);
    expect(graph.calls("root#1").map((call) => call.outcome)).toEqual([
      { ok: true, value: 8 },
      { ok: true, value: 10 },
    ]);
  });

  test("delegates to children that run side by side and hands their answers back", async () => {
    const script = {
      root: [
        block(
          "const handles = ['a', 'b', 'c'].map((part) => delegate('part', 'Do ' + part)); done(await Promise.all(handles))",
        ),
      ],
      "root.part": [block("done('first')")],
      "root.part_1": [block("done('second')")],
      "root.part_2": [block("done('third')")],
    };
    const client = scriptedClient(script, { latencyMs: ({ agentId }) => (agentId === "root" ? 0 : 30) });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), environment: fixedEnvironment() });
    const { answer, graph } = await flow.run("Split.");
    runs.push(graph);
    expect(answer).toEqual(["first", "second", "third"]);
    expect(graph.children("root")).toEqual(["root.part", "root.part_1", "root.part_2"]);
    expect(graph.chain("root").map((node) => node.type)).toEqual([
      "query",
      "action",
      "supervising",
      "result",
    ]);
  });

  test("rejects the parent's await when a child fails, and lets it go on", async () => {
    await using flow = flowOf(
      {
        root: [block("try { await delegate('child', 'Fail.') } catch (error) { done(error.message) }")],
        "root.child": ["no code here", "none here either"],
      },
      { config: { childMaxIterations: 2 } },
    );
    const { answer } = await flow.run("Try.");
    expect(answer).toContain("maxIterations = 2");
  });

  test("cancels children nobody waited for and lists them", async () => {
    await using flow = flowOf({
      root: [block("delegate('slow', 'Never mind.'); done('early')")],
      "root.slow": [block("await new Promise(() => {})")],
    });
    const { answer, graph } = await flow.run("Be quick.");
    runs.push(graph);
    expect(answer).toBe("early");
    expect(graph.head("root")).toMatchObject({ type: "result", cancelled: ["root.slow"] });
    expect(graph.head("root.slow")).toMatchObject({ type: "error", kind: "cancelled", fatal: true });
  });

  test("shows the model a deadlock at once", async () => {
    await using flow = flowOf([block("await new Promise(() => {})"), block("done(1)")]);
    const { graph } = await flow.run("Hang.");
    runs.push(graph);
    expect(graph.chainAt("root", 2)).toMatchObject({ type: "error", kind: "deadlock", fatal: false });
  });

  test("refuses an answer that does not fit and names the field", async () => {
    const output = { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] } as const;
    await using flow = flowOf([
      block("try { await done({ sum: 'three' }) } catch (error) { print(error.message) }"),
      block("done({ sum: 3 })"),
    ]);
    const { answer, graph } = await flow.run("Add.", { output });
    runs.push(graph);
    expect(answer).toEqual({ sum: 3 });
    expect(graph.chainAt("root", 2)).toMatchObject({
      type: "observation",
      content: expect.stringContaining("sum"),
    });
  });

  test("lands calls issued before done and drops those behind it", async () => {
    const called: number[] = [];
    const note = defineTool({
      name: "note",
      description: "",
      input: { type: "object", properties: { number: { type: "number" } }, required: ["number"] },
      repeat: "never",
      run: ({ number }: { number: number }) => {
        called.push(number);
      },
    });
    await using flow = flowOf([block("note(1); done('x'); note(2)")], { tools: [note] });
    const { graph } = await flow.run("Note.");
    runs.push(graph);
    expect(called).toEqual([1]);
    expect(graph.calls("root#1").map((call) => call.index)).toEqual([0]);
  });

  test("rejects with code and graph when the root fails", async () => {
    await using flow = flowOf(["nothing", "nothing"], { config: { maxIterations: 2 } });
    const error = await flow.run("Fail.").then(
      () => null,
      (error: unknown) => error,
    );
    expect(RLMError.is(error, "limit_reached")).toBe(true);
    expect((error as RunError).graph.finished).toBe(true);
  });

  test("moves step by step, and forks when an older graph is stepped", async () => {
    await using flow = flowOf([block("print(1)"), block("done(2)")]);
    const first = await flow.start("Step.");
    let graph = first;
    const lengths = [graph.length];
    while (!graph.finished) {
      graph = await flow.step(graph);
      lengths.push(graph.length);
    }
    expect(lengths).toEqual([1, 2, 3, 4, 5]);
    const forked = await flow.step(first);
    expect(forked.branch).not.toBe(first.branch);
    expect(forked.length).toBe(2);
    await expect(flow.step(graph)).rejects.toThrow("No agent can move");
  });

  test("goes on in the same REPL with a further query", async () => {
    await using flow = flowOf([block("vars.x = 41; done(1)"), block("done(vars.x + 1)")]);
    const first = await flow.run("Set.");
    const second = await flow.continue(first.graph, "Read.");
    expect(second.answer).toBe(42);
    expect(second.graph.chainAt("root", 3)).toMatchObject({ type: "query", ordinal: 1, query: "Read." });
  });

  test("gives a finished child a further query in its own REPL", async () => {
    await using flow = flowOf({
      root: [
        block(
          "const child = delegate('child', 'One.'); const one = await child; const two = await delegate(child, 'Two.'); done([one, two])",
        ),
      ],
      "root.child": [block("vars.count = 1; done(vars.count)"), block("vars.count += 1; done(vars.count)")],
    });
    expect((await flow.run("Twice.")).answer).toEqual([1, 2]);
  });

  test("works with one live REPL at a time by rebuilding the others", async () => {
    const opened: string[] = [];
    await using flow = flowOf(
      {
        root: [
          block("vars.a = 1; print('set')"),
          block(
            "const parts = [delegate('x', 'X'), delegate('y', 'Y')]; vars.b = await Promise.all(parts); done([vars.a, ...vars.b])",
          ),
        ],
        "root.x": [block("vars.v = 10"), block("done(vars.v)")],
        "root.y": [block("vars.v = 20"), block("done(vars.v)")],
      },
      { config: { maxLiveRepls: 1 }, runtime: inlineRuntime((session) => opened.push(session.spec.agentId)) },
    );
    expect((await flow.run("Evict.")).answer).toEqual([1, 10, 20]);
    expect(opened.filter((id) => id === "root").length).toBeGreaterThan(1);
  });
});

describe("approval", () => {
  test("refuses code with a reason, or runs other code in its place", async () => {
    const verdicts = [
      { kind: "refuse", reason: "too bold" },
      { kind: "code", code: "done('tame')" },
    ] as const;
    let asked = 0;
    await using flow = flowOf([block("done('bold')"), block("done('bolder')")], {
      onAction: () => verdicts[asked++] ?? { kind: "run" },
    });
    const { answer, graph } = await flow.run("Be good.");
    runs.push(graph);
    expect(answer).toBe("tame");
    expect(graph.chainAt("root", 2)).toMatchObject({
      origin: "policy",
      content: "Your code was not run: too bold",
    });
    expect(graph.chainAt("root", 4)).toMatchObject({
      type: "action",
      origin: "policy",
      replaces: "root#3",
      code: "done('tame')",
    });
  });
});

describe("options", () => {
  test("are checked all at once", () => {
    const make = () =>
      new RLMFlow({
        runtime: {} as never,
        config: { maxDepth: -1, maxTurns: 3 } as never,
        retries: 2,
      } as never);
    expect(make).toThrow(/4 faults|5 faults/);
    expect(make).toThrow(/retries is not an option/);
    expect(make).toThrow(/give either client or clients/);
    expect(make).toThrow(/config\.maxDepth must be a whole number of at least 0/);
    expect(make).toThrow(/config\.maxTurns is not an option/);
  });
});
