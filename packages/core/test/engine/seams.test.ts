import { getEventListeners } from "node:events";
import { checkRun, fixedEnvironment } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  Graph,
  type JsonValue,
  memoryStores,
  PromptBuilder,
  type RLMFlow,
  type Run,
} from "../../src/index.ts";
import { block, failureOf, flowOf, runFailureOf, settled } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";

/** A run of this flow, which never ends by itself, ends at once when it is aborted or cancelled. */
async function expectToBeStopped(flow: RLMFlow): Promise<void> {
  const stops: Readonly<Record<string, (run: Run) => Promise<unknown>>> = {
    aborted: (run) => run.abort(),
    cancelled: (run) => run.apply({ kind: "cancel", agentId: "root" }),
  };
  for (const [code, stop] of Object.entries(stops)) {
    const run = flow.run("Go.");
    const failed = failureOf(run);
    await settled();
    await stop(run);
    expect((await failed).code).toBe(code);
  }
}

const boom = () => {
  throw new TypeError("boom");
};

describe("a seam that fails", () => {
  test("messages: ends the agent and names the option", async () => {
    for (const messages of [boom, () => [], () => "text" as never]) {
      await using flow = flowOf([block("done(1)")], { messages });
      const error = await runFailureOf(flow.run("Go."));
      expect(error.code).toBe("request_failed");
      expect(error.message).toMatch(/the option messages failed: (boom|it gave no messages)/);
      await checkRun(error.graph, { messages });
    }
  });

  test("prompt: rejects before anything is recorded, and names the option", async () => {
    for (const [prompt, message] of [
      [boom, "The option prompt threw: boom"],
      [() => 7 as never, "The option prompt gave a number for root, not text"],
      [new PromptBuilder().section("a", boom), "The option prompt threw: boom"],
    ] as const) {
      await using flow = flowOf([block("done(1)")], { prompt });
      const error = await failureOf(flow.run("Go.", { runId: "same" }));
      expect(error).toMatchObject({ code: "invalid_options", message: expect.stringContaining(message) });
    }
  });

  test("prompt of a child: ends its parent, and names the option", async () => {
    await using flow = flowOf([block("done(await delegate('a', 'A'))")], {
      prompt: ({ depth }) => (depth === 0 ? "Be good." : boom()),
    });
    const error = await runFailureOf(flow.run("Go."));
    expect(error.message).toContain("The option prompt threw: boom");
    await checkRun(error.graph);
  });

  test("runtimeFor: rejects with what it threw, or names the runtimes", async () => {
    await using throws = flowOf([block("done(1)")], { runtimeFor: boom });
    expect((await failureOf(throws.run("Go."))).message).toContain("The option runtimeFor threw: boom");
    const given: readonly (readonly [unknown, string])[] = [
      ["moon", '"moon"'],
      [undefined, "undefined"],
      [Promise.resolve("default"), "a promise"],
      [null, "null"],
    ];
    for (const [key, shown] of given) {
      await using unknown = flowOf([block("done(1)")], { runtimeFor: () => key as string });
      expect((await failureOf(unknown.run("Go."))).message).toBe(
        `The option runtimeFor gave ${shown} for root, and not the key of a runtime of this flow: default. To change nothing, return agent.config.runtime.`,
      );
    }
  });
});

describe("onAction", () => {
  test.each<[string, () => unknown, string]>([
    ["throws", boom, "the approval failed: boom"],
    ["rejects", async () => boom(), "the approval failed: boom"],
    ["says nothing", () => undefined, "the approval failed: onAction must answer"],
    ["says yes", () => true, "the approval failed: onAction must answer"],
    ["has a verdict of its own", () => ({ kind: "maybe" }), "the approval failed: onAction must answer"],
    [
      "gives code that is none",
      () => ({ kind: "code", code: 7 }),
      "the approval failed: onAction must answer",
    ],
  ])("that %s runs no code", async (_what, onAction, reason) => {
    let asked = 0;
    await using flow = flowOf([block("done('bold')"), block("done('second')")], {
      onAction: () => {
        asked += 1;
        return (asked === 1 ? onAction() : { kind: "run" }) as never;
      },
    });
    const { answer, graph } = await flow.run("Go.");
    expect(answer).toBe("second");
    expect(graph.chainAt("root", 2)).toMatchObject({
      origin: "policy",
      content: expect.stringContaining(reason),
    });
    await checkRun(graph);
  });

  test("that takes for ever does not keep an abort or a cancel waiting", async () => {
    await using flow = flowOf([block("done(1)")], { onAction: () => new Promise(() => {}) });
    await expectToBeStopped(flow);
  });
});

describe("a tool", () => {
  test.each<[string, () => unknown, JsonValue]>([
    ["nothing", () => undefined, null],
    ["a big integer", () => 1n, "Error: The tool odd did not answer with JSON but with a bigint"],
    ["a function", () => () => 1, "Error: The tool odd did not answer with JSON but with a function"],
    [
      "a date",
      () => new Date(0),
      "Error: The tool odd did not answer with JSON but with an instance of Date",
    ],
    [
      "a circle",
      () => {
        const circle: { self?: unknown } = {};
        circle.self = circle;
        return circle;
      },
      "nested too deeply (or in a circle)",
    ],
    ["an error", boom, "Error: boom"],
    ["an object without a prototype", () => Promise.reject(Object.create(null)), "can't be written as text"],
    ["negative zero", () => ({ n: -0 }), { n: 0 }],
  ])("that gives %s is an answer or an error for the code", async (_what, odd, answer) => {
    await using flow = flowOf(
      [block("try { done(await odd()) } catch (error) { done('Error: ' + error.message) }")],
      {
        globals: { odd },
      },
    );
    const { answer: given, graph } = await flow.run("Go.");
    if (typeof answer === "string") expect(given).toContain(answer.replace("Error: ", ""));
    else expect(given).toEqual(answer);
    await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  });

  test("that never answers ends with its run or its agent", async () => {
    const hang = () => new Promise(() => {});
    await using flow = flowOf([block("await hang()")], { globals: { hang } });
    await expectToBeStopped(flow);
  });
});

describe("what a user gives", () => {
  test("is copied, so that nothing of it is frozen and nothing shared changes the run", async () => {
    const given = {
      metadata: { tags: ["a"] },
      contextMetadata: { pages: [1, 2] },
      table: { rows: [1, 2, 3] },
      output: { type: "object", properties: { n: { type: "number" } } },
      result: { n: 1, list: [{ deep: true }] },
    };
    await using flow = flowOf([block("await hang()")], {
      globals: { table: given.table, hang: () => new Promise(() => {}) },
    });
    const run = flow.run("Go.", {
      metadata: given.metadata,
      context: { text: "abc", metadata: given.contextMetadata },
      output: given.output,
    });
    const failed = runFailureOf(run);
    await settled();
    given.metadata.tags.push("b");
    given.contextMetadata.pages.push(3);
    given.table.rows.push(4);
    given.result.list.push({ deep: false });
    await run.abort();
    const { graph } = await failed;
    expect(graph.run.metadata).toEqual({ tags: ["a"] });
    expect(graph.find("root#0")).toMatchObject({
      contexts: [{ key: "context", metadata: { pages: [1, 2] } }],
      globals: { table: { rows: [1, 2, 3] } },
    });
    expect(Object.isFrozen(given.output.properties)).toBe(false);
    await checkRun(graph);
  });

  test("in an edit is copied, too", async () => {
    const result = { n: 1, list: [{ deep: true }] };
    await using flow = flowOf([block("done(1)")]);
    const run = flow.run("Go.");
    await run.pause();
    await run.apply({ kind: "result", agentId: "root", result });
    result.list.push({ deep: false });
    run.unpause();
    const { answer, graph } = await run;
    expect(answer).toEqual({ n: 1, list: [{ deep: true }] });
    await checkRun(graph);
  });

  test.each<[string, object, string]>([
    ["metadata with a function", { metadata: { f: () => 1 } }, "metadata must be an object of JSON values"],
    ["metadata in a list", { metadata: [1] }, "metadata must be an object, not a list"],
    ["a context without a key", { context: { "": "a" } }, "A context needs a key that is not empty"],
    [
      "a payload that is not there",
      { context: { digest: "0".repeat(64), characters: 3 } },
      "There is no context with the digest",
    ],
  ])("is refused with its name: %s", async (_what, options, message) => {
    await using flow = flowOf([block("done(1)")]);
    expect((await failureOf(flow.run("Go.", options))).message).toContain(message);
    // The name of the run is free for another attempt only where nothing was recorded of it.
    await using other = flowOf([block("done(1)")]);
    expect((await other.run("Go.")).answer).toBe(1);
  });
});

describe("contexts", () => {
  /** What each agent can read, by agent. */
  function reader(seen: Record<string, string>) {
    return inlineRuntime(({ spec }) => {
      seen[spec.agentId] = spec.contexts
        .map((context) => `${context.key}=${context.read(0, context.characters)}`)
        .join();
    });
  }

  test("are several by key, also when one is named text", async () => {
    const seen: Record<string, string> = {};
    await using flow = flowOf([block("done(1)")], { runtime: reader(seen) });
    const { graph } = await flow.run("Go.", {
      context: { text: "A", notes: { text: "B", metadata: { n: 1 } } },
    });
    expect(seen.root).toBe("text=A,notes=B");
    expect(graph.find("root#0")).toMatchObject({
      contexts: [{ key: "text" }, { key: "notes", metadata: { n: 1 } }],
    });
  });

  test("are read piece by piece where they come in pieces", async () => {
    const seen: Record<string, string> = {};
    await using flow = flowOf([block("done(1)")], { runtime: reader(seen) });
    const pieces = async function* () {
      yield "one, ";
      yield "two";
    };
    await flow.run("Go.", { context: { text: pieces() } });
    expect(seen.root).toBe("context=one, two");
  });

  test("go down three levels by reference", async () => {
    const seen: Record<string, string> = {};
    const slice = (start: number, end: number) =>
      `{ contexts: [{ kind: 'slice', key: 'part', slice: { key: KEY, start: ${start}, end: ${end} } }] }`;
    const delegating = (key: string, start: number, end: number) =>
      block(`done(await delegate('c', 'C', ${slice(start, end).replace("KEY", `'${key}'`)}))`);
    await using flow = flowOf(
      {
        root: [delegating("context", 2, 9)],
        "root.c": [delegating("part", 1, 6)],
        "root.c.c": [delegating("part", 2, 4)],
        "root.c.c.c": [block("done('read')")],
      },
      { runtime: reader(seen) },
    );
    const { answer, graph } = await flow.run("Go.", { context: "0123456789" });
    expect(answer).toBe("read");
    expect(seen).toEqual({
      root: "context=0123456789",
      "root.c": "part=2345678",
      "root.c.c": "part=34567",
      "root.c.c.c": "part=56",
    });
    expect(graph.find("root.c.c.c#0")).toMatchObject({
      contexts: [{ characters: 2, range: { start: 5, end: 7 } }],
    });
  });

  test("that a parent does not have can't be passed on", async () => {
    const contexts = "{ contexts: [{ kind: 'slice', key: 'a', slice: { key: 'x', start: 0, end: 1 } }] }";
    await using flow = flowOf([
      block(`try { await delegate('c', 'C', ${contexts}) } catch (error) { done(error.message) }`),
    ]);
    expect((await flow.run("Go.")).answer).toContain('you have no context named "x"');
  });
});

describe("an output schema", () => {
  test("of zod gives a typed answer, checked and completed by zod", async () => {
    const output = z.object({ names: z.array(z.string()), count: z.number().default(3) });
    await using flow = flowOf([
      block("try { await done({ names: [1] }) } catch (error) { print(error.message) }"),
      block("done({ names: ['a'] })"),
    ]);
    const { answer, graph } = await flow.run("Go.", { output });
    const names: string[] = answer.names;
    expect({ names, count: answer.count }).toEqual({ names: ["a"], count: 3 });
    expect(graph.chainAt("root", 2)).toMatchObject({ content: expect.stringContaining("names[0]") });
    expect(graph.find("root#0")).toMatchObject({ output: { type: "object" } });
    await checkRun(graph);
  });
});

describe("a signal", () => {
  test("that aborted before has nothing sent, and the run can be resumed", async () => {
    let asked = 0;
    await using flow = flowOf(() => {
      asked += 1;
      return block("done('later')");
    });
    const error = await runFailureOf(flow.run("Go.", { signal: AbortSignal.abort() }));
    expect(error.code).toBe("aborted");
    expect(asked).toBe(0);
    expect((await flow.resume(error.graph)).answer).toBe("later");
  });

  test("or an abort before the first node has nothing sent either", async () => {
    let asked = 0;
    await using flow = flowOf(() => {
      asked += 1;
      return block("done(1)");
    });
    const run = flow.run("Go.");
    const failed = runFailureOf(run);
    await run.abort();
    expect(await failed).toMatchObject({ code: "aborted" });
    expect(asked).toBe(0);
    expect(Graph.fromJSON(JSON.parse(JSON.stringify(run.graph))).length).toBe(1);
  });

  test("that serves many runs is left by each of them", async () => {
    const { signal } = new AbortController();
    await using flow = flowOf(() => block("done(1)"));
    for (let round = 0; round < 30; round++) await flow.run("Go.", { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test.each(["a/b", "", "..", ".x", "a..b", "x".repeat(65)])("a run can't be called %j", async (runId) => {
  await using flow = flowOf([block("done(1)")]);
  await expect(flow.run("Go.", { runId })).rejects.toThrow("can't be a runId");
});

test("a run that holds nothing yet begins under its own id", async () => {
  const workspace = memoryStores(fixedEnvironment().digest);
  const branch = { id: "main", parent: null, createdAt: 0 };
  const empty = await workspace.createRun({ runId: "same", branch, metadata: {} });
  await empty.close();
  await using flow = flowOf([block("done(1)")], { workspace });
  expect((await flow.run("Go.", { runId: "same" })).answer).toBe(1);
  await expect(flow.run("Go.", { runId: "same" })).rejects.toThrow("same");
});
