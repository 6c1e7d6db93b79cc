import { describe, expect, test } from "vitest";
import { MemoryWatch, ownMB, residentMB } from "../src/memory-watch.ts";

/** This process as one that is watched; `ended` resolves with the limit for which it was to be ended. */
function watchedSelf(executes: boolean) {
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  return { pid: process.pid, executes, endForMemory: resolve, ended };
}

describe.runIf(process.platform === "linux")("memory", () => {
  test("is read of a process, and its own part is no more than all", () => {
    expect(residentMB(process.pid)).toBeGreaterThan(10);
    expect(ownMB(process.pid)).toBeGreaterThan(1);
    expect(ownMB(process.pid)).toBeLessThanOrEqual(residentMB(process.pid));
  });

  test("above the limit ends what executes, and nothing that rests or was removed", async () => {
    const [busy, resting, removed] = [watchedSelf(true), watchedSelf(false), watchedSelf(true)];
    const watch = new MemoryWatch(1);
    for (const watched of [resting, removed, busy]) watch.add(watched);
    watch.remove(removed);
    const first = await Promise.race([
      resting.ended,
      removed.ended,
      busy.ended.then((limit) => ["busy", limit]),
    ]);
    expect(first).toEqual(["busy", 1]);
    for (const watched of [resting, busy]) watch.remove(watched);
  });

  test("below the limit is left alone", async () => {
    const small = watchedSelf(true);
    const large = watchedSelf(true);
    const generous = new MemoryWatch(1_000_000);
    const watch = new MemoryWatch(1);
    generous.add(small);
    watch.add(large);
    expect(await Promise.race([small.ended, large.ended])).toBe(1);
    generous.remove(small);
    watch.remove(large);
  });
});

test("of a process that is gone, or could not be started, is none", () => {
  expect([residentMB(undefined), ownMB(undefined), residentMB(-1)]).toEqual([0, 0, 0]);
});
