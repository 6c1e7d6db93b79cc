import { describe, expect, test } from "vitest";
import { Semaphore } from "../../../src/engine/resources/semaphore.ts";
import { RLMError } from "../../../src/index.ts";
import { Seeded } from "../../data/seeded.ts";

const never = new AbortController().signal;

describe("a gate", () => {
  test("lets its number in and the newest of those who wait next", async () => {
    const gate = new Semaphore(1);
    const leave = await gate.acquire(never);
    const order: string[] = [];
    const entering = ["a", "b", "c"].map(async (name) => {
      const release = await gate.acquire(never);
      order.push(name);
      release();
    });
    expect(gate.waiting).toBe(3);
    leave();
    await Promise.all(entering);
    expect(order).toEqual(["c", "b", "a"]);
    expect(gate.waiting).toBe(0);
  });

  test("gives a place back once, however often it is released", async () => {
    const gate = new Semaphore(1);
    const leave = await gate.acquire(never);
    leave();
    leave();
    const held = await gate.acquire(never);
    const second = gate.acquire(never);
    expect(gate.waiting).toBe(1);
    held();
    (await second)();
  });

  test("forgets who was aborted, before or while waiting", async () => {
    const gate = new Semaphore(1);
    const leave = await gate.acquire(never);
    await expect(gate.acquire(AbortSignal.abort())).rejects.toSatisfy((error) =>
      RLMError.is(error, "aborted"),
    );
    const controller = new AbortController();
    const waiting = gate.acquire(controller.signal);
    const other = gate.acquire(never);
    controller.abort();
    await expect(waiting).rejects.toThrow("Aborted while waiting for a permit");
    leave();
    (await other)();
    expect(gate.waiting).toBe(0);
  });

  test.each([1, 2, 3])("never holds more than its number and loses nobody (seed %i)", async (seed) => {
    const random = new Seeded(seed);
    const gate = new Semaphore(3);
    let inside = 0;
    let most = 0;
    const visits = Array.from({ length: 300 }, async (_, visit) => {
      const controller = new AbortController();
      if (random.below(4) === 0) setTimeout(() => controller.abort(), random.below(5));
      for (let pause = random.below(4); pause > 0; pause--) await Promise.resolve();
      try {
        const leave = await gate.acquire(controller.signal);
        inside += 1;
        most = Math.max(most, inside);
        if (visit % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        leave();
        return true;
      } catch (error) {
        return RLMError.is(error, "aborted");
      }
    });
    expect(await Promise.all(visits)).toEqual(visits.map(() => true));
    expect(most).toBe(3);
    expect(gate.waiting).toBe(0);
  });
});
