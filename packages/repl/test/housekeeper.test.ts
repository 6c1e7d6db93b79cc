import { setImmediate as activation, setTimeout as sleep } from "node:timers/promises";
import { RLMError } from "@rlmflow/core";
import type { ReplSpec } from "@rlmflow/core/driver";
import { describe, expect, test } from "vitest";
import { Housekeeper, type HousekeeperOptions } from "../src/housekeeper.ts";
import { unblamed } from "../src/unblamed.ts";

interface Sandbox {
  readonly number: number;
  isWell: boolean;
  ends: number;
}

const SPEC: ReplSpec = {
  agentId: "root",
  group: "run-1",
  alone: false,
  depth: 0,
  maxDepth: 1,
  seed: "seed",
  contexts: [],
  globals: {},
  functions: [],
};

function housekeeper(options: Partial<HousekeeperOptions<Sandbox>> = {}) {
  const made: Sandbox[] = [];
  const house = new Housekeeper<Sandbox>({
    share: "run",
    closeMs: 60_000,
    make: async () => {
      const sandbox = { number: made.length, isWell: true, ends: 0 };
      made.push(sandbox);
      return sandbox;
    },
    end: async (sandbox) => {
      sandbox.ends += 1;
    },
    isWell: async ({ isWell }) => isWell,
    ...options,
  });
  const enter = (spec: Partial<ReplSpec> = {}) => house.enter({ ...SPEC, ...spec });
  const numbers = (...stays: readonly ReturnType<typeof enter>[]) =>
    Promise.all(stays.map(async ({ sandbox }) => (await sandbox).number));
  const ends = () => made.map((sandbox) => sandbox.ends);
  return { house, made, enter, numbers, ends };
}

describe("REPLs", () => {
  test("of a group share a sandbox, with nobody else, and not with who is alone", async () => {
    const { enter, numbers } = housekeeper();
    const stays = [enter(), enter({ agentId: "root.a" }), enter({ group: "run-2" }), enter({ alone: true })];
    expect(await numbers(...stays)).toEqual([0, 0, 1, 2]);
    expect(stays.map(({ isShared }) => isShared)).toEqual([true, true, false, false]);
  });

  test("have a sandbox each where nothing is shared, and are no more in one than may be", async () => {
    const each = housekeeper({ share: "agent" });
    expect(await each.numbers(each.enter(), each.enter())).toEqual([0, 1]);
    const two = housekeeper({ most: 2 });
    expect(await two.numbers(two.enter(), two.enter(), two.enter())).toEqual([0, 0, 1]);
  });

  test("do not come into one that was retired or could not be made", async () => {
    const { enter, numbers } = housekeeper();
    const first = enter();
    first.retire();
    expect(await numbers(first, enter())).toEqual([0, 1]);
    let tries = 0;
    const make = async (): Promise<Sandbox> => {
      tries += 1;
      if (tries === 1) throw new RLMError("runtime_failed", "No capacity.");
      return { number: tries, isWell: true, ends: 0 };
    };
    const failing = housekeeper({ make });
    await expect(failing.enter().sandbox).rejects.toThrow("No capacity.");
    expect(await failing.numbers(failing.enter())).toEqual([2]);
  });
});

describe("a sandbox ends", () => {
  test("when the last REPL has left it, once, however often that one leaves", async () => {
    const { enter, numbers, ends } = housekeeper();
    const [first, second] = [enter(), enter()];
    await numbers(first, second);
    await Promise.all([first.leave(), first.leave()]);
    expect(ends()).toEqual([0]);
    await second.leave();
    expect(ends()).toEqual([1]);
    expect(await numbers(enter())).toEqual([1]);
  });

  test("later where it is kept for its group, unless it is alone, retired or dead", async () => {
    const { enter, numbers, ends, made } = housekeeper({ idleMs: 1_000_000 });
    const kept = enter();
    await numbers(kept);
    await kept.leave();
    const again = enter();
    expect(await numbers(again)).toEqual([0]);
    await enter({ alone: true }).leave();
    const retired = enter({ group: "run-2" });
    await numbers(retired);
    retired.retire();
    await retired.leave();
    expect(ends()).toEqual([0, 1, 1]);
    if (made[0] !== undefined) made[0].isWell = false;
    await again.leave();
    await activation();
    expect(ends()).toEqual([1, 1, 1]);
  });

  test("after the time for which it is kept", async () => {
    const ended = Promise.withResolvers<void>();
    const { enter } = housekeeper({ idleMs: 1, end: async () => ended.resolve() });
    const stay = enter();
    await stay.sandbox;
    await stay.leave();
    // Its timer does not keep this process.
    const alive = setInterval(() => {}, 1_000);
    await ended.promise;
    clearInterval(alive);
  });

  test("not while somebody is in it, who came when it was kept", async () => {
    const { enter, numbers, ends } = housekeeper({ idleMs: 1 });
    const first = enter();
    await numbers(first);
    await first.leave();
    enter();
    await sleep(20);
    expect(ends()).toEqual([0]);
  });
});

test("spares are made with the first REPL, used, made up for, and passed over where they have died", async () => {
  const { enter, numbers, ends, made, house } = housekeeper({ share: "agent", spares: 2 });
  expect(made).toHaveLength(0);
  expect(await numbers(enter())).toEqual([0]);
  expect(made).toHaveLength(3);
  expect(await numbers(enter())).toEqual([1]);
  expect(made).toHaveLength(4);
  for (const sandbox of made) sandbox.isWell = false;
  expect(await numbers(enter())).toEqual([4]);
  expect(ends()).toEqual([0, 0, 1, 1, 0, 0, 0]);
  await house.close();
  expect(ends()).toEqual([1, 1, 1, 1, 1, 1, 1]);
});

describe("closing", () => {
  test("waits for what is being made, ends it, and lets nobody in", async () => {
    const making = Promise.withResolvers<Sandbox>();
    const { house, enter } = housekeeper({ make: () => making.promise });
    const stay = enter();
    await activation();
    let isClosed = false;
    const closing = house.close().then(() => {
      isClosed = true;
    });
    await activation();
    expect(isClosed).toBe(false);
    const late = { number: 0, isWell: true, ends: 0 };
    making.resolve(late);
    await closing;
    expect(late.ends).toBe(1);
    await stay.leave();
    expect(late.ends).toBe(1);
    expect(() => enter()).toThrow("The runtime was closed");
  });

  test("names what may still run, whenever that was found", async () => {
    const end = async ({ number }: Sandbox): Promise<void> => {
      throw new RLMError("runtime_failed", `Sandbox ${number} may still run.`);
    };
    const { house, enter, numbers } = housekeeper({ end });
    const [left] = [enter({ alone: true }), enter()];
    await numbers(left);
    await left.leave();
    await expect(house.close()).rejects.toMatchObject({
      code: "runtime_failed",
      message: "Sandbox 0 may still run. Sandbox 1 may still run.",
    });
  });
});

test("a failure is unblamed without what it blamed before", () => {
  const limit = { name: "memoryMB", value: 64, unit: "MB" };
  const full = new RLMError("sandbox_lost", "It is full.", { details: { limit } });
  expect(unblamed(full)).toMatchObject({ code: "sandbox_lost", message: "It is full.", cause: full });
  expect(unblamed(full).details).toEqual({ blame: "none" });
});
