import { checkRun, fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import {
  defineTool,
  type FlowOptions,
  Graph,
  type JsonValue,
  memoryStores,
  type OnToolCall,
  RLMFlow,
  type Tool,
  type ToolCallView,
} from "../../src/index.ts";
import { block, failureOf, flowOf, settled } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";

/** A tool that notes what it was called with. */
function notingTool(repeat: Tool["repeat"] = "safe") {
  const made: JsonValue[] = [];
  const send = defineTool({
    name: "send",
    description: "Sends something.",
    input: {
      type: "object",
      properties: { to: { type: "string" }, text: { type: "string" } },
      required: ["to"],
    },
    repeat,
    run: ({ to, text = "" }: { to: string; text?: string }) => {
      made.push([to, text]);
      return `sent to ${to}`;
    },
  });
  return { made, send };
}

async function runOf(code: string, onToolCall: OnToolCall, options: Partial<FlowOptions> = {}) {
  const { made, send } = notingTool();
  await using flow = flowOf([block(code), block("done('second')")], {
    tools: [send],
    onToolCall,
    ...options,
  });
  const { answer, graph } = await flow.run("Go.");
  await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  return { answer, graph, made, calls: graph.calls("root#1") };
}

describe("onToolCall", () => {
  test("sees each call of a tool, with what the code passes, and lets it be made", async () => {
    const seen: ToolCallView[] = [];
    const { answer, made, calls } = await runOf(
      "done([await send('a', 'x'), await send({ to: 'b' })])",
      (call) => {
        seen.push(call);
        return { kind: "run" };
      },
    );
    expect(answer).toEqual(["sent to a", "sent to b"]);
    expect(seen).toEqual([
      { id: "root#1/0", agentId: "root", depth: 0, name: "send", args: ["a", "x"] },
      { id: "root#1/1", agentId: "root", depth: 0, name: "send", args: [{ to: "b" }] },
    ]);
    expect(made).toEqual([
      ["a", "x"],
      ["b", ""],
    ]);
    expect(calls.map((call) => [call.origin, call.changedArgs])).toEqual([
      ["engine", undefined],
      ["engine", undefined],
    ]);
  });

  test("changes arguments: the log has the code's and those that were used", async () => {
    const { answer, made, calls } = await runOf("done(await send('a', 'x'))", () => ({
      kind: "arguments",
      args: ["b", "y"],
    }));
    expect([answer, made]).toEqual(["sent to b", [["b", "y"]]]);
    expect(calls[0]).toMatchObject({ origin: "policy", args: ["a", "x"], changedArgs: ["b", "y"] });
  });

  test("changes large arguments, which lie in blobs", async () => {
    const text = "y".repeat(100_000);
    const { made, calls, graph } = await runOf("done(await send('a'))", () => ({
      kind: "arguments",
      args: [{ to: "b", text }],
    }));
    expect(made).toEqual([["b", text]]);
    expect(calls[0]).toMatchObject({
      changedArgs: null,
      blobs: { changedArgs: { bytes: JSON.stringify([{ to: "b", text }]).length } },
    });
    expect(Graph.fromJSON(JSON.parse(JSON.stringify(graph))).length).toBe(graph.length);
  });

  test("refuses a call with an error that the code can catch", async () => {
    const { answer, made, calls } = await runOf(
      "try { await send('a') } catch (error) { done(error.name + ' ' + error.message) }",
      () => ({ kind: "refuse", reason: "not to a" }),
    );
    expect(answer).toBe("NotAllowedError send was not called: not to a");
    expect(made).toEqual([]);
    expect(calls[0]).toMatchObject({ origin: "policy", outcome: { ok: false } });
  });

  const boom = () => {
    throw new TypeError("boom");
  };
  test.each<[string, () => unknown, string]>([
    ["throws", boom, "the approval failed: boom"],
    ["rejects", async () => boom(), "the approval failed: boom"],
    ["says nothing", () => undefined, "the approval failed: onToolCall must answer"],
    ["says yes", () => true, "the approval failed: onToolCall must answer"],
    ["has a verdict of its own", () => ({ kind: "maybe" }), "the approval failed: onToolCall must answer"],
    ["gives no arguments", () => ({ kind: "arguments" }), "the approval failed: onToolCall must answer"],
    [
      "gives arguments that are no list",
      () => ({ kind: "arguments", args: { to: "b" } }),
      "the approval failed: onToolCall must answer",
    ],
    [
      "gives arguments that do not fit",
      () => ({ kind: "arguments", args: [7] }),
      "the approval failed: onToolCall gave arguments that do not fit: send(to: string, text?: string)",
    ],
    ["gives what is not JSON", () => ({ kind: "arguments", args: [1n] }), "onToolCall must answer"],
  ])("that %s calls no tool", async (_what, verdict, reason) => {
    const { answer, made, calls } = await runOf(
      "try { await send('a') } catch (error) { done(error.message) }",
      () => verdict() as never,
    );
    expect(answer).toContain(reason);
    expect(made).toEqual([]);
    expect(calls[0]?.origin).toBe("policy");
  });

  test("is not asked about what fails by itself, nor about calls of the engine", async () => {
    const seen: string[] = [];
    const { answer } = await runOf(
      "try { await send(7) } catch (error) { done(error.message) }",
      ({ name }) => {
        seen.push(name);
        return { kind: "run" };
      },
    );
    expect(answer).toContain("send(to: string, text?: string)");
    expect(seen).toEqual([]);
  });

  test("can't change the record through what it is given", async () => {
    const { answer, calls } = await runOf("done(await send({ to: 'a' }))", (call) => {
      const [first] = call.args as [{ to: string }];
      first.to = "b";
      return { kind: "run" };
    });
    expect(answer).toBe("second");
    expect(calls[0]).toMatchObject({ args: [{ to: "a" }], origin: "policy", outcome: { ok: false } });
  });

  test("is asked about functions among the globals too", async () => {
    const { answer } = await runOf(
      "try { await now() } catch (error) { done(error.message) }",
      () => ({
        kind: "refuse",
        reason: "no clock",
      }),
      { globals: { now: () => 1 } },
    );
    expect(answer).toBe("now was not called: no clock");
  });

  test("looks at several calls side by side, and each goes on when it has decided", async () => {
    const verdicts = new Map<string, PromiseWithResolvers<{ kind: "run" }>>();
    const { made, send } = notingTool();
    await using flow = flowOf(
      [block("const both = [send('a'), send('b')]; done([await both[1], await both[0]])")],
      {
        tools: [send],
        onToolCall: ({ id }) => {
          const verdict = Promise.withResolvers<{ kind: "run" }>();
          verdicts.set(id, verdict);
          return verdict.promise;
        },
      },
    );
    const run = flow.run("Go.");
    while (verdicts.size < 2) await settled();
    verdicts.get("root#1/1")?.resolve({ kind: "run" });
    while (made.length < 1) await settled();
    expect(made).toEqual([["b", ""]]);
    verdicts.get("root#1/0")?.resolve({ kind: "run" });
    const { answer, graph } = await run;
    expect(answer).toEqual(["sent to b", "sent to a"]);
    await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  });

  test("that takes for ever does not keep an abort or a cancel waiting", async () => {
    const { send, made } = notingTool("never");
    for (const stop of ["abort", "cancel"] as const) {
      await using flow = flowOf([block("await send('a')")], {
        tools: [send],
        onToolCall: () => new Promise(() => {}),
      });
      const run = flow.run("Go.");
      const failed = failureOf(run);
      await settled();
      if (stop === "abort") await run.abort();
      else await run.apply({ kind: "cancel", agentId: "root" });
      expect((await failed).code).toBe(stop === "abort" ? "aborted" : "cancelled");
      // Nothing was begun, so nothing is unknown.
      expect(run.graph.calls("root#1")).toEqual([]);
    }
    expect(made).toEqual([]);
  });
});

describe("a run that is taken up", () => {
  const environment = fixedEnvironment();
  const flowWith = (stores: ReturnType<typeof memoryStores>, tool: Tool, onToolCall: OnToolCall) =>
    new RLMFlow({
      client: scriptedClient([
        block("print(await send('a'));\nprint(await send('b'))"),
        block("done('end')"),
      ]),
      runtime: inlineRuntime(),
      environment,
      workspace: stores,
      tools: [tool],
      onToolCall,
    });

  test.each(["safe", "never"] as const)(
    "asks again what had not been decided, and not what is on record: repeat %s",
    async (repeat) => {
      const stores = memoryStores(environment.digest);
      const { made, send } = notingTool(repeat);
      const seen: string[] = [];
      await using first = flowWith(stores, send, ({ args, id }) => {
        seen.push(id);
        return args[0] === "a" ? { kind: "arguments", args: ["c"] } : new Promise(() => {});
      });
      const run = first.run("Go.");
      const failed = failureOf(run);
      while (seen.length < 2) await settled();
      await run.abort();
      await failed;
      await using second = flowWith(stores, send, ({ id }) => {
        seen.push(id);
        return { kind: "refuse", reason: "no b" };
      });
      const { answer, graph } = await second.resume(run.graph);
      expect(answer).toBe("end");
      expect(seen).toEqual(["root#1/0", "root#1/1", "root#1/1"]);
      expect(made).toEqual([["c", ""]]);
      await checkRun(graph, { runtimes: { default: inlineRuntime() } });
    },
  );
});
