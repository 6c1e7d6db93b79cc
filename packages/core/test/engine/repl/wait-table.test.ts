import { describe, expect, test } from "vitest";
import { processorMs } from "../../../../../test/processor-time.ts";
import { type AwaitedQuery, WaitTable } from "../../../src/engine/repl/wait-table.ts";
import { Seeded } from "../../data/seeded.ts";

const query = (callId: string): AwaitedQuery => ({ callId, agentId: `root.${callId}` });
const none = () => false;

describe("a wait", () => {
  test("is complete when the last of its queries has ended", () => {
    const table = new WaitTable();
    expect(table.open(3, [query("a"), query("b"), query("a")], none)).toBe(false);
    expect(table.settle("a")).toEqual([]);
    expect(table.settle("a")).toEqual([]);
    expect(table.settle("b")).toEqual([3]);
    expect(table.queries(3).map(({ callId }) => callId)).toEqual(["a", "b", "a"]);
    table.close(3);
    expect(table.size).toBe(0);
  });

  test("is complete at once when all has ended", () => {
    const table = new WaitTable();
    expect(table.open(0, [query("a")], () => true)).toBe(true);
  });

  test("is told once as new, and not when it is complete", () => {
    const table = new WaitTable();
    table.open(0, [query("a")], none);
    table.open(1, [query("b")], none);
    table.close(0);
    expect(table.takeNew()).toEqual([1]);
    expect(table.takeNew()).toEqual([]);
  });

  test("that others share is settled for all of them, in the order of their indices", () => {
    const table = new WaitTable();
    for (const index of [0, 1, 2]) table.open(index, [query("a")], none);
    expect(table.note("a")).toBe(true);
    expect(table.note("a")).toBe(false);
    expect(table.settle("a")).toEqual([0, 1, 2]);
  });
});

/** The same in a few lines and slowly. */
class NaiveTable {
  readonly waits = new Map<number, string[]>();
  readonly noted = new Set<string>();
  readonly settled = new Set<string>();

  settle(callId: string): number[] {
    if (this.settled.has(callId)) return [];
    this.settled.add(callId);
    this.noted.add(callId);
    return [...this.waits]
      .filter(([, ids]) => ids.includes(callId) && ids.every((id) => this.settled.has(id)))
      .map(([index]) => index);
  }

  note(callId: string): boolean {
    if (this.noted.has(callId)) return false;
    this.noted.add(callId);
    return [...this.waits.values()].some(
      (ids) => ids.includes(callId) && ids.every((id) => this.noted.has(id)),
    );
  }
}

test.each([1, 2, 3, 4, 5])("waits are settled as a naive table would (seed %i)", (seed) => {
  const random = new Seeded(seed);
  const table = new WaitTable();
  const naive = new NaiveTable();
  const calls = Array.from({ length: 12 }, (_, place) => `c${place}`);
  for (let step = 0, index = 0; step < 200; step++) {
    const callId = random.pick(calls);
    const what = random.below(3);
    if (what === 0) {
      const ids = Array.from({ length: 1 + random.below(4) }, () => random.pick(calls));
      const complete = table.open(index, ids.map(query), (one) => naive.noted.has(one.callId));
      const open = ids.filter((id) => !naive.noted.has(id));
      expect(complete).toBe(open.length === 0);
      if (complete) table.close(index);
      else naive.waits.set(index, open);
      index += 1;
    } else if (what === 1) expect(table.note(callId)).toBe(naive.note(callId));
    else {
      const settled = naive.settle(callId);
      expect(table.settle(callId)).toEqual(settled);
      for (const complete of settled) {
        table.close(complete);
        naive.waits.delete(complete);
      }
    }
    expect(table.size).toBe(naive.waits.size);
  }
});

test("a fan-out of ten thousand is settled in linear time", async () => {
  const table = new WaitTable();
  const spent = await processorMs(() => {
    for (let index = 0; index < 10_000; index++) table.open(index, [query(`c${index}`)], none);
    expect(table.takeNew()).toHaveLength(10_000);
    for (let index = 0; index < 10_000; index++) {
      expect(table.settle(`c${index}`)).toEqual([index]);
      table.close(index);
      expect(table.takeNew()).toEqual([]);
    }
  });
  expect(spent).toBeLessThan(5000);
});
