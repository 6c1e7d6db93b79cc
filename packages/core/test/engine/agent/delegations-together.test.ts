import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { defaultEnvironment } from "../../../src/engine/environment/default-environment.ts";
import { memoryStores } from "../../../src/index.ts";
import type { RunStores } from "../../../src/store.ts";
import { block, flowOf, runFailureOf } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

/** Stores that note the ids of the nodes of each append. */
function notingStores() {
  const stores = memoryStores(defaultEnvironment().digest);
  const appends: string[] = [];
  const noting: RunStores = {
    ...stores,
    createRun: async (...args) => {
      const store = await stores.createRun(...args);
      const append = store.append.bind(store);
      return Object.assign(store, {
        append: (...given: Parameters<typeof append>) => {
          appends.push(given[2].map(({ id }) => id).join(" "));
          return append(...given);
        },
      });
    },
  };
  return { stores: noting, appends };
}

const runtimes = { default: inlineRuntime() };

describe("delegations of one turn", () => {
  test("are answered in one append, each under a name of its own, refusals among them", async () => {
    const code = `
      const all = ['a', 'b', 'a', 'c', 'a'].map((name, index) => delegate(name, index === 1 ? '' : 'Q'));
      done((await Promise.allSettled(all)).map(({ status }) => status))`;
    const { stores, appends } = notingStores();
    await using flow = flowOf(({ agentId }) => block(agentId === "root" ? code : "done(1)"), {
      workspace: stores,
      config: { maxChildren: 3 },
    });
    const { graph, answer } = await flow.run("Go.");
    expect(appends).toContain("root#1/0 root#1/1 root#1/2 root#1/3 root#1/4");
    expect(graph.children("root")).toEqual(["root.a", "root.a_1", "root.c"]);
    expect(answer).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "rejected"]);
    await checkRun(graph, { runtimes });
  });

  test("are answered in parts when there are many, so that the first children need not wait for all", async () => {
    const code = "await wait(...Array.from({ length: 70 }, () => delegate('c', 'Q'))); done(1)";
    const { stores, appends } = notingStores();
    await using flow = flowOf(({ agentId }) => block(agentId === "root" ? code : "done(1)"), {
      workspace: stores,
      config: { maxChildren: 100 },
    });
    const { graph } = await flow.run("Go.");
    const delegating = appends.filter((ids) => ids.startsWith("root#1/"));
    expect(delegating.slice(0, 3).map((ids) => ids.split(" ").length)).toEqual([32, 32, 6]);
    expect(appends.indexOf("root.c#0")).toBeLessThan(appends.indexOf(delegating[1] ?? ""));
    await checkRun(graph, { runtimes });
  });

  test("give a finished child one further query at a time", async () => {
    const code = `
      const child = delegate('a', 'Q');
      await wait(child);
      const all = [delegate('b', 'Q'), delegate(child, 'Q2'), delegate(child, 'Q3')];
      done((await Promise.allSettled(all)).map(({ status, reason }) => reason?.message ?? status))`;
    await using flow = flowOf(({ agentId }) => block(agentId === "root" ? code : "done(1)"));
    const { graph, answer } = await flow.run("Go.");
    expect(answer).toEqual(["fulfilled", "fulfilled", expect.stringContaining("root.a is still at work")]);
    await checkRun(graph, { runtimes });
  });

  test("are made up to the one that can't be, which ends the block", async () => {
    const code = "await wait(...['a', 'b', 'bad', 'c'].map((name) => delegate(name, 'Q'))); done(1)";
    await using flow = flowOf(({ agentId }) => block(agentId === "root" ? code : "done(1)"), {
      runtimeFor: ({ agentId, config }) => {
        if (agentId === "root.bad") throw new Error("no runtime for it");
        return config.runtime;
      },
    });
    const { graph, message } = await runFailureOf(flow.run("Go."));
    expect(message).toContain("The option runtimeFor threw: no runtime for it");
    expect(graph.children("root")).toEqual(["root.a", "root.b"]);
    expect(graph.calls("root#1").map(({ id }) => id)).toEqual(["root#1/0", "root#1/1"]);
    await checkRun(graph);
  });
});
