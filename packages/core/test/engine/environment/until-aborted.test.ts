import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { untilAborted } from "../../../src/engine/environment/until-aborted.ts";

test("gives what the promise gives and leaves no listener behind", async () => {
  const { signal } = new AbortController();
  expect(await untilAborted(Promise.resolve(7), signal, "waiting")).toBe(7);
  await expect(untilAborted(Promise.reject(new TypeError("no")), signal, "waiting")).rejects.toThrow("no");
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("rejects as soon as the signal aborts, and nobody hears of the promise any more", async () => {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<void>();
  const waiting = untilAborted(promise, controller.signal, "the tool was asked");
  controller.abort();
  await expect(waiting).rejects.toThrow("Aborted while the tool was asked.");
  // Left alone, a late rejection would be an unhandled one, which fails the test run.
  reject(new TypeError("late"));
  await new Promise((resolve) => setImmediate(resolve));
});

test("rejects at once when the signal was aborted before", async () => {
  await expect(untilAborted(new Promise(() => {}), AbortSignal.abort(), "waiting")).rejects.toThrow(
    "Aborted",
  );
});
