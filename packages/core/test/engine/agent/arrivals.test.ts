import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type Arrival, Arrivals } from "../../../src/engine/agent/arrivals.ts";
import { RLMError } from "../../../src/index.ts";

const child = (callId: string): Arrival => ({ kind: "child", callId });
const { signal } = new AbortController();

describe("arrivals", () => {
  test("are given in the order in which they came", async () => {
    const arrivals = new Arrivals();
    arrivals.put(child("a"));
    arrivals.put(child("b"));
    expect(arrivals.size).toBe(2);
    expect(arrivals.take()).toEqual(child("a"));
    expect(await arrivals.next(signal)).toEqual(child("b"));
    expect(arrivals.take()).toBeUndefined();
  });

  test("reach who waits for them, and leave no listener on the signal", async () => {
    const arrivals = new Arrivals();
    const controller = new AbortController();
    for (let round = 0; round < 50; round++) {
      const next = arrivals.next(controller.signal);
      arrivals.put(child(`c${round}`));
      expect(await next).toEqual(child(`c${round}`));
    }
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(arrivals.size).toBe(0);
  });

  test("are kept for the next reader when one was aborted", async () => {
    const arrivals = new Arrivals();
    const controller = new AbortController();
    const next = arrivals.next(controller.signal);
    controller.abort();
    await expect(next).rejects.toSatisfy((error) => RLMError.is(error, "aborted"));
    arrivals.put(child("a"));
    await expect(arrivals.next(controller.signal)).rejects.toThrow("Aborted while a block waited");
    expect(arrivals.take()).toEqual(child("a"));
  });

  test("forget a child that goes on after all, and nothing else", () => {
    const arrivals = new Arrivals();
    for (const id of ["a", "b", "a"]) arrivals.put(child(id));
    arrivals.forgetChild("a");
    expect(arrivals.take()).toEqual(child("b"));
    expect(arrivals.size).toBe(0);
  });
});
