import { checkRun, fixedEnvironment } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { memoryStores, RLMError, type RunNode } from "../../src/index.ts";
import type { RunStores, Store } from "../../src/store.ts";
import { block, flowOf, runFailureOf } from "./flow-fixture.ts";

/** Stores whose appends are changed; `kept` are the nodes that were kept. */
function storesWith(
  append: (store: Store, made: number, ...rest: Parameters<Store["append"]>) => Promise<void>,
) {
  const real = memoryStores(fixedEnvironment().digest);
  const kept: RunNode[] = [];
  let made = 0;
  const wrap = (store: Store): Store => ({
    protocol: 1,
    run: store.run,
    payloads: store.payloads,
    read: () => store.read(),
    close: () => store.close(),
    append: async (...rest) => {
      made += 1;
      await append(store, made, ...rest);
      kept.push(...rest[2]);
    },
  });
  const stores: RunStores = {
    payloads: real.payloads,
    createRun: async (run, nodes = []) => {
      const store = await real.createRun(run, nodes);
      kept.push(...nodes);
      return wrap(store);
    },
    openRun: async (runId, branchId) => wrap(await real.openRun(runId, branchId)),
    forkRun: async (run, nodes) => wrap(await real.forkRun(run, nodes)),
  };
  return { stores, kept };
}

const FANS_OUT = ({ agentId }: { readonly agentId: string }) =>
  agentId === "root"
    ? block("print('x'); done((await Promise.all([1, 2, 3].map((n) => delegate('c', 'C' + n)))).length)")
    : block("await llmQuery('q'); done(1)");

describe("a store that fails", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16])(
    "at its append %i ends the run with the graph; nothing that was told is missing",
    async (failing) => {
      const { stores, kept } = storesWith(async (store, made, ...rest) => {
        if (made >= failing) throw new RLMError("store_failed", "the disk is full");
        await store.append(...rest);
      });
      let asked = 0;
      let askedAtFailure = -1;
      await using flow = flowOf(
        (request) => {
          asked += 1;
          return FANS_OUT(request);
        },
        { workspace: stores },
      );
      const run = flow.run("Go.");
      const told: RunNode[] = [];
      const listening = (async () => {
        for await (const event of run) if (event.type === "node") told.push(event.node);
      })().catch(() => {
        askedAtFailure = asked;
      });
      const error = await runFailureOf(run);
      await listening;
      expect(error.code).toBe("store_failed");
      expect(error.message).toContain("the disk is full");
      expect(told).toEqual(kept);
      expect([...error.graph.walk()]).toEqual(kept);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(asked).toBe(askedAtFailure);
      await checkRun(error.graph).catch((broken) => expect(broken.message).not.toContain("frozen"));
    },
  );

  test("with an error of its own ends the run as store_failed", async () => {
    const { stores } = storesWith(async (store, made, ...rest) => {
      if (made === 2) throw new TypeError("connection reset");
      await store.append(...rest);
    });
    await using flow = flowOf([block("print(1)"), block("done(1)")], { workspace: stores });
    const error = await runFailureOf(flow.run("Go."));
    expect(error).toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("connection reset"),
    });
    expect(error.graph.length).toBe(2);
  });

  test("for a moment only has the run taken up again from what it holds", async () => {
    let broken = true;
    const { stores } = storesWith(async (store, made, ...rest) => {
      if (broken && made === 2) throw new RLMError("store_failed", "for a moment");
      await store.append(...rest);
    });
    const asked: number[] = [];
    await using flow = flowOf(
      ({ turn }) => {
        asked.push(turn);
        return block(turn === 0 ? "print(1)" : "done('whole')");
      },
      { workspace: stores },
    );
    const error = await runFailureOf(flow.run("Go."));
    broken = false;
    const { answer } = await flow.resume(error.graph);
    expect(answer).toBe("whole");
    expect(asked).toEqual([0, 1]);
  });

  test("to take a large value ends the run as well", async () => {
    const { stores } = storesWith((store, _made, ...rest) => store.append(...rest));
    const failing: RunStores = {
      ...stores,
      createRun: async (run, nodes) => {
        const store = await stores.createRun(run, nodes);
        const putBlob = async () => {
          throw new RLMError("store_failed", "no room for a blob");
        };
        return { ...store, payloads: { ...store.payloads, putBlob } };
      },
    };
    await using flow = flowOf([block("print('x'.repeat(100000))")], { workspace: failing });
    expect(await runFailureOf(flow.run("Go."))).toMatchObject({
      code: "store_failed",
      message: "no room for a blob",
    });
  });
});

describe("a slow store", () => {
  const slow = () =>
    storesWith(async (store, _made, ...rest) => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      await store.append(...rest);
    });

  test("lets two edits at once land one after the other", async () => {
    await using flow = flowOf([block("print(1)"), block("done(1)")], { workspace: slow().stores });
    const run = flow.run("Go.");
    await run.pause();
    const say = (text: string) => run.apply({ kind: "say", agentId: "root", text });
    const landed = await Promise.all(["a", "b", "c"].map(say));
    run.unpause();
    const { graph } = await run;
    const said = landed.flat().map((id) => graph.find(id));
    expect(said.map((node) => (node?.type === "observation" ? node.content : null))).toEqual(["a", "b", "c"]);
    await checkRun(graph);
  });

  test("ends an agent once, however many cancel it at once", async () => {
    await using flow = flowOf(
      ({ agentId }) =>
        agentId === "root"
          ? block("const all = [1, 2].map((n) => delegate('c', 'C')); done(await Promise.allSettled(all))")
          : block("await hang()"),
      { workspace: slow().stores, globals: { hang: () => new Promise(() => {}) } },
    );
    const run = flow.run("Go.");
    for await (const event of run) if (event.type === "node" && event.node.id === "root.c_1#1") break;
    const cancel = (agentId: string) => run.apply({ kind: "cancel", agentId });
    const fates = await Promise.allSettled([
      cancel("root.c"),
      cancel("root"),
      cancel("root.c"),
      cancel("root.c_1"),
    ]);
    for (const fate of fates)
      if (fate.status === "rejected")
        expect(RLMError.is(fate.reason, "edit_refused"), String(fate.reason)).toBe(true);
    expect(fates.slice(0, 2).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    const error = await runFailureOf(run);
    expect(error.code).toBe("cancelled");
    expect(error.graph.agents().map((id) => error.graph.head(id)?.type)).toEqual(["error", "error", "error"]);
    await checkRun(error.graph);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    "cancels children that are just being born (after %i nodes)",
    async (after) => {
      await using flow = flowOf(
        ({ agentId }) =>
          block(
            agentId === "root"
              ? "await Promise.all([1, 2, 3].map(() => delegate('c', 'C')))"
              : "await hang()",
          ),
        { workspace: slow().stores, globals: { hang: () => new Promise(() => {}) } },
      );
      const run = flow.run("Go.");
      let seen = 0;
      for await (const event of run) {
        if (event.type === "node") seen += 1;
        if (seen > after) break;
      }
      await run.apply({ kind: "cancel", agentId: "root" });
      const error = await runFailureOf(run);
      expect(error.code).toBe("cancelled");
      await checkRun(error.graph);
    },
  );

  test("keeps the run within its agents though many are born at once", async () => {
    const code =
      "const all = [1, 2, 3, 4].map((n) => delegate('c', 'C')); done(await Promise.allSettled(all))";
    await using flow = flowOf(({ agentId }) => block(agentId.length < 9 ? code : "done(1)"), {
      workspace: slow().stores,
      config: { maxAgents: 10, maxDepth: 3 },
    });
    const { graph } = await flow.run("Go.");
    expect(graph.agentCount).toBe(10);
    await checkRun(graph);
  });
});
