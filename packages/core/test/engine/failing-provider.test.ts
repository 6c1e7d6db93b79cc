import { checkRun, type Script, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type Client, type Graph, RLMError, RLMFlow, type RunEvent } from "../../src/index.ts";
import { block, runFailureOf } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";

const runs: Graph[] = [];

afterEach(async () => {
  for (const graph of runs.splice(0)) await checkRun(graph, { runtimes: { default: inlineRuntime() } });
});

/** A client that is overloaded as long as it is told so. */
function troubled(script: Script): {
  readonly client: Client;
  readonly trouble: { on: boolean; sent: number };
} {
  const trouble = { on: true, sent: 0 };
  const healthy = scriptedClient(script);
  const client: Client = {
    ...healthy,
    model: "big-model",
    async chat(messages, options) {
      trouble.sent += 1;
      if (!trouble.on) return await healthy.chat(messages, options);
      throw new RLMError("request_failed", "503 try later", { details: { reason: "overloaded" } });
    },
  };
  return { client, trouble };
}

describe("a request that fails in a passing way", () => {
  test("is told with why, how often and until when, before it is made again", async () => {
    const { client, trouble } = troubled([block("done(1)")]);
    await using flow = new RLMFlow({ client, runtime: inlineRuntime() });
    const run = flow.run("Try.");
    const retries: RunEvent[] = [];
    for await (const event of run) {
      if (event.type === "retry") retries.push(event);
      if (retries.length > 0) trouble.on = false;
    }
    expect(retries).toEqual([
      {
        type: "retry",
        agentId: "root",
        model: "big-model",
        attempt: 1,
        waitMs: expect.closeTo(500, -2),
        message: "503 try later",
      },
    ]);
    runs.push((await run).graph);
  });

  test("is not made again while the run is paused, and its attempts are kept", async () => {
    const { client, trouble } = troubled([block("done(1)")]);
    await using flow = new RLMFlow({ client, runtime: inlineRuntime() });
    const run = flow.run("Try.");
    for await (const event of run) if (event.type === "retry") break;
    const paused = await run.pause();
    expect(paused.head("root")?.type).toBe("query");
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(trouble.sent).toBe(1);
    trouble.on = false;
    run.unpause();
    const { graph, answer } = await run;
    expect([answer, trouble.sent]).toEqual([1, 2]);
    const action = graph.lastAction("root");
    expect(action?.attempts.map(({ outcome }) => outcome)).toEqual(["overloaded", "complete"]);
    runs.push(graph);
  });
});

describe("a run whose root ended by a failed request", () => {
  test("goes on when it is resumed, and asks nothing again that was answered", async () => {
    const asked: number[] = [];
    const { client, trouble } = troubled(({ turn }) => {
      asked.push(turn);
      return turn === 0 ? block("print(20)") : block("done(21)");
    });
    trouble.on = false;
    const failing: Client = {
      ...client,
      async chat(messages, options) {
        trouble.on = trouble.on || asked.length === 1;
        return await client.chat(messages, options);
      },
    };
    await using flow = new RLMFlow({ client: failing, runtime: inlineRuntime(), config: { maxRetries: 0 } });
    const { graph, code, message } = await runFailureOf(flow.run("Count."));
    expect(code).toBe("request_failed");
    expect(message).toBe('The request to model "big-model" failed: 503 try later');
    await using again = new RLMFlow({
      client: scriptedClient(({ turn, messages }) => {
        asked.push(turn);
        expect(
          messages.filter(({ role, content }) => role === "user" && content.includes("20")),
        ).toHaveLength(1);
        return block("done(21)");
      }),
      runtime: inlineRuntime(),
    });
    const resumed = await again.resume(graph);
    expect([resumed.answer, asked]).toEqual([21, [0, 1]]);
    runs.push(resumed.graph);
  });

  test("goes on with another model", async () => {
    const { client } = troubled([block("done(1)")]);
    const clients = { default: client, spare: scriptedClient([block("done(2)")]) };
    await using flow = new RLMFlow({ clients, runtime: inlineRuntime(), config: { maxRetries: 0 } });
    const { graph } = await runFailureOf(flow.run("Count."));
    const resumed = await flow.resume(graph, { config: { model: "spare" } });
    expect(resumed.answer).toBe(2);
    runs.push(resumed.graph);
  });

  test("says which settings are the flow's own", async () => {
    const { client } = troubled([block("done(1)")]);
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), config: { maxRetries: 0 } });
    const { graph } = await runFailureOf(flow.run("Count."));
    const config = JSON.parse('{"maxRetries":20}');
    await expect(flow.resume(graph, { config })).rejects.toThrow(
      "maxConcurrency, maxRetries and the like are the flow's own",
    );
  });
});

describe("the error of a run", () => {
  test("has what its client threw as cause", async () => {
    const bug = new TypeError("Cannot read properties of null");
    const client: Client = { ...scriptedClient([]), chat: () => Promise.reject(bug) };
    await using flow = new RLMFlow({ client, runtime: inlineRuntime() });
    const error = await runFailureOf(flow.run("Try."));
    expect(RLMError.is(error.cause) && error.cause.cause).toBe(bug);
  });

  test("has the reason of the signal as cause when that ended it", async () => {
    const leaving = new AbortController();
    const reason = new Error("the user left");
    const client = scriptedClient(() => {
      leaving.abort(reason);
      return new Promise<string>(() => {});
    });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime() });
    const error = await runFailureOf(flow.run("Try.", { signal: leaving.signal }));
    expect([error.code, error.cause]).toEqual(["aborted", reason]);
  });
});
