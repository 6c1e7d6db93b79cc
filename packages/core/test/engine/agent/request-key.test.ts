import { fixedEnvironment } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import {
  applyEdit,
  type Client,
  type Edit,
  type Graph,
  memoryStores,
  RLMFlow,
  UNKNOWN_USAGE,
} from "../../../src/index.ts";
import type { RunStores } from "../../../src/store.ts";
import { block } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

const environment = fixedEnvironment();

/** A client that writes down the key of each request and, while it is cut off, answers none. */
function keyed(model: string, keys: string[], isCut: () => boolean): Client {
  return {
    protocol: 1,
    model,
    async chat(_messages, { effectKey = "", signal } = {}) {
      keys.push(effectKey);
      if (isCut())
        await new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason)),
        );
      return { text: block("done(1)"), finishReason: "stop", usage: UNKNOWN_USAGE, model };
    },
  };
}

/** The run after edits that landed while nobody moved it. */
async function edited(graph: Graph, edits: readonly Edit[], stores: RunStores): Promise<Graph> {
  const store = await stores.openRun("run", "main");
  const after = edits.reduce((graph, edit) => applyEdit(graph, edit, environment.now()), graph);
  const added = [...after.walk()].slice(graph.length);
  await store.append("root", graph.length, added);
  await store.close();
  return after;
}

/** The keys of a request that was in flight when its run was aborted, and of the one that went on after the edits. */
async function keysAround(edits: readonly Edit[], config: { maxOutputTokens?: number } = {}) {
  const keys: string[] = [];
  const stores = memoryStores(environment.digest);
  let cut = true;
  const flowOf = (limits: { maxOutputTokens?: number }) =>
    new RLMFlow({
      clients: { default: keyed("one", keys, () => cut), spare: keyed("two", keys, () => cut) },
      runtime: inlineRuntime(),
      environment,
      workspace: stores,
      config: limits,
    });
  let graph: Graph;
  {
    await using flow = flowOf({});
    const run = flow.run("Go.", { runId: "run" });
    await expect.poll(() => keys.length).toBe(1);
    await run.abort();
    graph = run.graph;
    cut = false;
  }
  await using flow = flowOf(config);
  await flow.resume(await edited(graph, edits, stores));
  expect(keys).toHaveLength(2);
  return { before: keys[0] ?? "", after: keys[1] ?? "" };
}

describe("the idempotency key of a request that is sent again", () => {
  test("begins with the place of the reply that it asks for", async () => {
    const { before } = await keysAround([]);
    expect(before).toMatch(/^run\/main\/root#1\.[0-9a-f]{16}\.\d+$/);
  });

  test.each<[string, Edit[]]>([
    ["nothing has changed", []],
    [
      "a limit was changed of which the model sees nothing",
      [config({ maxIterations: 7 }), config({ maxAgents: 9 })],
    ],
  ])("is the same when %s", async (_name, edits) => {
    const { before, after } = await keysAround(edits);
    expect(after).toBe(before);
  });

  test.each<[string, Edit[], { maxOutputTokens?: number }?]>([
    ["something was said", [{ kind: "say", agentId: "root", text: "Mind." }]],
    ["the final answer was asked for", [{ kind: "final", agentId: "root" }]],
    ["the changed limit makes it the last request", [config({ maxIterations: 1 })]],
    ["another model is asked", [config({ model: "spare" })]],
    ["another bound on output goes with it", [], { maxOutputTokens: 100 }],
  ])("is another when %s", async (_name, edits, limits) => {
    const { before, after } = await keysAround(edits, limits);
    expect(after).not.toBe(before);
  });
});

function config(patch: Extract<Edit, { kind: "config" }>["config"]): Edit {
  return { kind: "config", agentId: "root", config: patch };
}
