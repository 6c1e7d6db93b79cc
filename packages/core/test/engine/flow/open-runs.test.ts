import { fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { resolveOptions } from "../../../src/engine/flow/flow-options.ts";
import { OpenRuns } from "../../../src/engine/flow/open-runs.ts";
import { memoryStores } from "../../../src/index.ts";
import { broken } from "../../broken.ts";
import { RunBuilder, runInfo } from "../../data/run-builder.ts";
import { block, failureOf, flowOf } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

/** Stores that outlive a flow, and how often a branch was opened in them. */
function countedStores() {
  const stores = memoryStores(fixedEnvironment().digest);
  let opened = 0;
  const counted: typeof stores = {
    payloads: stores.payloads,
    createRun: (run, nodes) => stores.createRun(run, nodes),
    forkRun: (run, nodes) => stores.forkRun(run, nodes),
    openRun: (runId, branchId) => {
      opened += 1;
      return stores.openRun(runId, branchId);
    },
  };
  return { stores: counted, opened: () => opened };
}

describe("the runs that a flow has open", () => {
  test("of two callers that take a branch at once, the second has the run that the first has opened", async () => {
    const { stores, opened } = countedStores();
    await using before = flowOf([block("print(1)")], { workspace: stores });
    const graph = await before.start("Begin.");
    await before.close();
    await using flow = flowOf([block("print(1)")], { workspace: stores });
    const [first, second] = await Promise.allSettled([flow.step(graph), flow.step(graph)]);
    expect(opened()).toBe(1);
    expect([first.status, second.status]).toContain("fulfilled");
  });

  test("of two runs that are begun at once under one id, the second is refused", async () => {
    await using flow = flowOf([block("done(1)")]);
    const [first, second] = [
      flow.run("Begin.", { runId: "one" }),
      failureOf(flow.run("Begin.", { runId: "one" })),
    ];
    expect((await second).code).toBe("already_exists");
    expect((await first).answer).toBe(1);
  });

  test("a nested call that is asked again finds its run open, and opens its branch no second time", async () => {
    const { stores, opened } = countedStores();
    await using flow = flowOf([block("done(7)")], { workspace: stores });
    const ask = async () =>
      (await flow.chat([{ role: "user", content: "Work." }], { effectKey: "outer/main/x" })).text;
    expect(await ask()).toBe("7");
    const before = opened();
    expect(await ask()).toBe("7");
    expect(opened()).toBe(before);
  });

  test("a second live run of a branch breaks an invariant, unless the first was aborted", async () => {
    const environment = fixedEnvironment();
    const settings = resolveOptions({ client: scriptedClient([]), runtime: inlineRuntime(), environment });
    const builder = new RunBuilder();
    builder.query("root", "Begin.");
    const runs = new OpenRuns(settings);
    const store = await settings.stores.createRun(runInfo, [...builder.graph.walk()]);
    const first = await runs.add(store, builder.graph, null);
    await expect(runs.add(store, builder.graph, null)).rejects.toEqual(
      broken("a branch has one live run that may move"),
    );
    await first.abort();
    expect(await runs.add(store, builder.graph, null)).not.toBe(first);
    await runs.close();
  });
});
