import { getEventListeners } from "node:events";
import { scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { defaultEnvironment } from "../../../src/engine/environment/default-environment.ts";
import { resolveOptions } from "../../../src/engine/flow/flow-options.ts";
import type { LiveBlock } from "../../../src/engine/repl/live-block.ts";
import type { LiveRepl } from "../../../src/engine/repl/live-repl.ts";
import { ReplPool } from "../../../src/engine/repl/repl-pool.ts";
import { Journal } from "../../../src/engine/store/journal.ts";
import { memoryStores, RLMError } from "../../../src/index.ts";
import { broken } from "../../broken.ts";
import { RunBuilder, runInfo } from "../../data/run-builder.ts";
import { Seeded } from "../../data/seeded.ts";
import { type Faults, faultyRuntime } from "../faulty-runtime.ts";

const { signal } = new AbortController();

/** What stands for the block in which an agent waits for its children: nobody goes on with it here. */
const suspended = {} as LiveBlock;

/** Pools that share this many places, for agents `root.a0` … `root.a9`. */
async function poolsOf(maxLiveRepls: number, faults: Faults = {}, count = 1) {
  const runtime = faultyRuntime(faults);
  const environment = defaultEnvironment();
  const settings = resolveOptions({
    client: scriptedClient([]),
    runtime,
    environment,
    config: { maxLiveRepls },
  });
  const builder = new RunBuilder();
  builder.query("root", "Begin.");
  builder.action("root", "1");
  for (let index = 0; index < 10; index++) builder.delegate("root", index, `root.a${index}`);
  const store = await memoryStores(environment.digest).createRun(runInfo);
  const journal = new Journal(store, builder.graph, environment);
  return { runtime, pools: Array.from({ length: count }, () => new ReplPool(journal, settings)) };
}

async function poolOf(maxLiveRepls: number, faults: Faults = {}) {
  const { runtime, pools } = await poolsOf(maxLiveRepls, faults);
  const [pool] = pools;
  if (pool === undefined) throw new Error("one pool was asked for");
  return { runtime, pool };
}

/** Gives a REPL back as one whose agent waits for its children. */
function suspend(pool: ReplPool, repl: LiveRepl): void {
  repl.block = suspended;
  pool.release(repl);
}

describe("a pool of REPLs", () => {
  test("gives an agent the REPL it had, as long as it is alive", async () => {
    const { pool } = await poolOf(2);
    const first = await pool.acquire("root.a0", signal);
    expect(first.fresh).toBe(true);
    pool.release(first);
    expect(await pool.acquire("root.a0", signal)).toBe(first);
    await pool.drop("root.a0");
    expect(await pool.acquire("root.a0", signal)).not.toBe(first);
  });

  test("closes the one that has waited for children longest for one that is needed", async () => {
    const { pool, runtime } = await poolOf(2);
    const [a, b] = [await pool.acquire("root.a0", signal), await pool.acquire("root.a1", signal)];
    suspend(pool, a);
    suspend(pool, b);
    await pool.acquire("root.a2", signal);
    expect(runtime.alive).toEqual({ now: 2, most: 2 });
    expect(await pool.acquire("root.a1", signal)).toBe(b);
  });

  test("has the newest wait while all are in use, and forgets nobody when one gives up", async () => {
    const { pool, runtime } = await poolOf(1);
    const held = await pool.acquire("root.a0", signal);
    const waiting = pool.acquire("root.a1", signal);
    const controller = new AbortController();
    const impatient = pool.acquire("root.a2", controller.signal);
    controller.abort();
    await expect(impatient).rejects.toSatisfy((error) => RLMError.is(error, "aborted"));
    suspend(pool, held);
    expect((await waiting).agentId).toBe("root.a1");
    expect(runtime.alive).toEqual({ now: 1, most: 1 });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("gives a place back when a REPL could not be opened", async () => {
    let failing = true;
    const { pool } = await poolOf(1, {
      open: async (_spec, real) => {
        if (failing) throw new TypeError("no image");
        return await real();
      },
    });
    await expect(pool.acquire("root.a0", signal)).rejects.toThrow(
      "The runtime inline could not open a REPL for root.a0: TypeError: no image",
    );
    failing = false;
    expect((await pool.acquire("root.a0", signal)).agentId).toBe("root.a0");
  });

  test("closes what opens after an abort, and keeps its place until then", async () => {
    const begun = Promise.withResolvers<void>();
    const opening = Promise.withResolvers<void>();
    const { pool, runtime } = await poolOf(1, {
      open: async (spec, real) => {
        if (spec.agentId === "root.a0") {
          begun.resolve();
          await opening.promise;
        }
        return await real();
      },
    });
    const controller = new AbortController();
    const first = pool.acquire("root.a0", controller.signal);
    await begun.promise;
    controller.abort();
    await expect(first).rejects.toThrow("Aborted while the REPL of root.a0 was opened");
    const second = pool.acquire("root.a1", signal);
    opening.resolve();
    expect((await second).agentId).toBe("root.a1");
    expect(runtime.alive).toEqual({ now: 1, most: 1 });
  });

  test("closes REPLs that wait for children when an opening takes long: the runtime may have fewer places", async () => {
    let idleClosed: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      idleClosed = resolve;
    });
    const { pool } = await poolOf(5, {
      open: async (spec, real) => {
        if (spec.agentId === "root.a1") await closed;
        return await real();
      },
      dispose: async (spec, real) => {
        if (spec.agentId === "root.a0") idleClosed();
        await real();
      },
    });
    suspend(pool, await pool.acquire("root.a0", signal));
    expect((await pool.acquire("root.a1", signal)).agentId).toBe("root.a1");
  });

  test("is empty when it is closed, and opens nothing more", async () => {
    const { pool, runtime } = await poolOf(5);
    pool.release(await pool.acquire("root.a0", signal));
    await pool.acquire("root.a1", signal);
    await pool.close();
    expect(runtime.alive.now).toBe(0);
    await expect(pool.acquire("root.a2", signal)).rejects.toThrow("was closed while it was opened");
    expect(runtime.alive.now).toBe(0);
  });
});

test("two REPLs of one agent in use break an invariant, and the second is closed", async () => {
  const { pool, runtime } = await poolOf(3);
  await pool.acquire("root.a0", signal);
  await expect(pool.acquire("root.a0", signal)).rejects.toEqual(
    broken("an agent has one REPL in use at a time"),
  );
  await expect.poll(() => runtime.alive.now).toBe(1);
});

test.each([1, 2, 3, 4])(
  "pools that share places never take more than there are and lose nobody (seed %i)",
  async (seed) => {
    const random = new Seeded(seed);
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve, random.below(3)));
    const slowly = async <T>(real: () => Promise<T>) => {
      await pause();
      return await real();
    };
    const { pools, runtime } = await poolsOf(
      3,
      { open: (_, real) => slowly(real), dispose: (_, real) => slowly(real) },
      2,
    );
    const visit = async (pool: ReplPool, agent: number) => {
      for (let round = 0; round < 6; round++) {
        const controller = new AbortController();
        if (random.below(4) === 0) setTimeout(() => controller.abort(), random.below(6));
        try {
          const repl = await pool.acquire(`root.a${agent}`, controller.signal);
          await pause();
          if (random.below(3) === 0) await pool.drop(`root.a${agent}`);
          else suspend(pool, repl);
        } catch (error) {
          if (!RLMError.is(error, "aborted")) throw error;
        }
      }
    };
    await Promise.all(
      pools.map(async (pool) => {
        await Promise.all(Array.from({ length: 10 }, (_, agent) => visit(pool, agent)));
        // A run that stops moving says so; the other would wait for its places otherwise.
        pool.rest();
      }),
    );
    expect(runtime.alive.most).toBeLessThanOrEqual(3);
    await Promise.all(pools.map((pool) => pool.close()));
    await expect.poll(() => runtime.alive.now).toBe(0);
  },
);
