import { fixedEnvironment } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { defineTool, memoryStores, RLMError, type RLMErrorCode } from "../../src/index.ts";
import type { RunStores, Store } from "../../src/store.ts";
import { block, flowOf, runFailureOf } from "./flow-fixture.ts";

const CODES: readonly RLMErrorCode[] = [
  "store_failed",
  "damaged_log",
  "unsupported_format",
  "locked",
  "lost_race",
];

/** Stores whose payloads fail where this says so. */
function storesWith(payloads: (store: Store) => Partial<Store["payloads"]>): RunStores {
  const real = memoryStores(fixedEnvironment().digest);
  const wrap = (store: Store): Store => ({
    protocol: 1,
    run: store.run,
    payloads: { ...store.payloads, ...payloads(store) },
    read: () => store.read(),
    close: () => store.close(),
    append: (...rest) => store.append(...rest),
  });
  return {
    payloads: real.payloads,
    createRun: async (run, nodes) => wrap(await real.createRun(run, nodes)),
    openRun: async (runId, branchId) => wrap(await real.openRun(runId, branchId)),
    forkRun: async (run, nodes) => wrap(await real.forkRun(run, nodes)),
  };
}

describe("a tool whose record fails", () => {
  test.each(CODES)("with %s ends the run, costs no further request and tells no model", async (code) => {
    const prompts: string[] = [];
    const note = defineTool({
      name: "note",
      description: "Writes something down.",
      input: { type: "object" },
      repeat: "safe",
      run: () => {
        throw new RLMError(code, "/home/somebody/writes.jsonl is damaged");
      },
    });
    await using flow = flowOf(
      ({ messages }) => {
        prompts.push(JSON.stringify(messages));
        return block("try { await note({}) } catch (error) { print('caught', error.message) }");
      },
      { tools: [note] },
    );
    const error = await runFailureOf(flow.run("Go."));
    expect(error).toMatchObject({ code, message: expect.stringContaining("writes.jsonl") });
    expect(prompts.length).toBe(1);
    expect(JSON.stringify([...error.graph.walk()])).not.toContain("somebody");
  });

  test("with another code tells the code that called it", async () => {
    const note = defineTool({
      name: "note",
      description: "Writes something down.",
      input: { type: "object" },
      repeat: "safe",
      run: () => {
        throw new RLMError("refused", "not this one");
      },
    });
    const reply = block("try { await note({}) } catch (error) { done(error.message) }");
    await using flow = flowOf([reply], { tools: [note] });
    expect((await flow.run("Go.")).answer).toBe("not this one");
  });

  test("in a child ends the whole run, not the child", async () => {
    let asked = 0;
    const note = defineTool({
      name: "note",
      description: "Writes something down.",
      input: { type: "object" },
      repeat: "safe",
      run: () => {
        throw new RLMError("store_failed", "the disk is full");
      },
    });
    await using flow = flowOf(
      ({ agentId }) => {
        asked += 1;
        return agentId === "root"
          ? block("try { await delegate('c', 'Write.') } catch { print('it failed') }")
          : block("await note({})");
      },
      { tools: [note] },
    );
    const error = await runFailureOf(flow.run("Go."));
    expect(error.code).toBe("store_failed");
    expect(asked).toBe(2);
  });
});

describe("payloads that fail", () => {
  test("with an error of their own for a child's long prompt end the run as store_failed", async () => {
    const stores = storesWith(() => ({
      putBlob: async () => {
        throw new TypeError("connection reset");
      },
    }));
    await using flow = flowOf(() => block("try { await delegate('c', 'Q') } catch { done('no') }"), {
      workspace: stores,
      prompt: ({ depth }) => (depth === 0 ? "Be good." : "x".repeat(100_000)),
    });
    const error = await runFailureOf(flow.run("Go."));
    expect(error).toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("connection reset"),
    });
    expect(error.graph.head("root")?.type).toBe("action");
  });

  test("when a child is given a context end the run", async () => {
    const stores = storesWith((store) => ({
      putContext: async (text) => {
        if (text === "for the child") throw new RLMError("store_failed", "the disk is full");
        return store.payloads.putContext(text);
      },
    }));
    let asked = 0;
    await using flow = flowOf(
      () => {
        asked += 1;
        return block(
          "try { await delegate('c', 'Read.', { context: 'for the child' }) } catch { print('no') }",
        );
      },
      { workspace: stores },
    );
    const error = await runFailureOf(flow.run("Go."));
    expect(error.code).toBe("store_failed");
    expect(asked).toBe(1);
  });
});

describe("a run whose store can't be made", () => {
  test.each<RLMErrorCode>(["store_failed", "unsupported_format", "damaged_log"])(
    "with %s is not opened instead",
    async (code) => {
      const real = memoryStores(fixedEnvironment().digest);
      let opened = 0;
      const stores: RunStores = {
        payloads: real.payloads,
        createRun: async (run, nodes) => {
          await (await real.createRun(run, nodes)).close();
          throw new RLMError(code, "the disk failed");
        },
        openRun: (runId, branchId) => {
          opened += 1;
          return real.openRun(runId, branchId);
        },
        forkRun: (run, nodes) => real.forkRun(run, nodes),
      };
      await using flow = flowOf([block("done(1)")], { workspace: stores });
      await expect(flow.run("Go.")).rejects.toMatchObject({ code });
      expect(opened).toBe(0);
    },
  );
});
