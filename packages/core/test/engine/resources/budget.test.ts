import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type Amount, Budget, type Held } from "../../../src/engine/resources/budget.ts";
import { RLMError } from "../../../src/index.ts";
import { ZERO_USAGE } from "../../../src/store.ts";
import { broken } from "../../broken.ts";
import { Seeded } from "../../data/seeded.ts";

const { signal } = new AbortController();
const tokens = (count: number): Amount => ({ tokens: count, microUsd: 0 });

/** What is held back, or `null` where there is no room. */
async function hold(budget: Budget, amount: Amount, stop: AbortSignal = signal): Promise<Held | null> {
  const reserved = await budget.reserve(amount, stop);
  return reserved.kind === "held" ? reserved : null;
}

async function reserved(budget: Budget, amount: Amount): Promise<Held> {
  const reservation = await hold(budget, amount);
  if (reservation === null) throw new Error("there was no room");
  return reservation;
}

describe("a budget", () => {
  test("without limits takes anything", async () => {
    const budget = new Budget({ tokens: null, microUsd: null });
    expect(budget.left).toEqual({ tokens: Number.POSITIVE_INFINITY, microUsd: Number.POSITIVE_INFINITY });
    expect(await hold(budget, { tokens: 1e12, microUsd: 1e12 }, signal)).not.toBeNull();
  });

  test("holds back what is reserved and books what was used, once", async () => {
    const budget = new Budget({ tokens: 100, microUsd: null });
    const reservation = await reserved(budget, tokens(60));
    expect(budget.left.tokens).toBe(40);
    reservation.settle(tokens(10));
    reservation.settle(tokens(10));
    expect(budget.left.tokens).toBe(90);
  });

  test("refuses what does not fit when nothing is in flight, and names the limit", async () => {
    const budget = new Budget({ tokens: 100, microUsd: 5_000_000 });
    expect(await hold(budget, tokens(101), signal)).toBeNull();
    expect(await budget.reserve(tokens(101), signal)).toEqual({
      kind: "short",
      left: { tokens: 100, microUsd: 5_000_000 },
      limit: { name: "maxTotalTokens", value: 100 },
    });
    expect(budget.obstacle(tokens(101))).toEqual({ name: "maxTotalTokens", value: 100 });
    expect(budget.obstacle({ tokens: 1, microUsd: 5_000_001 })).toEqual({ name: "maxCostUsd", value: 5 });
    expect(budget.obstacle(tokens(100))).toBeNull();
  });

  test("lets who does not fit wait for what is in flight, then decides again", async () => {
    const budget = new Budget({ tokens: 100, microUsd: null });
    const first = await reserved(budget, tokens(80));
    const second = hold(budget, tokens(50), signal);
    const third = hold(budget, tokens(95), signal);
    first.settle(tokens(20));
    const granted = await second;
    expect(granted).not.toBeNull();
    granted?.settle(tokens(50));
    expect(await third).toBeNull();
  });

  test("counts what a recorded run has used", () => {
    const budget = new Budget({ tokens: 100, microUsd: 50 });
    budget.book({ ...ZERO_USAGE, input: 30, output: 20, costMicroUsd: 10 });
    expect(budget.left).toEqual({ tokens: 50, microUsd: 40 });
  });

  test("wakes who waits when a limit is raised", async () => {
    const budget = new Budget({ tokens: 100, microUsd: null });
    await reserved(budget, tokens(80));
    const waiting = hold(budget, tokens(50), signal);
    budget.setLimits({ tokens: 200, microUsd: null });
    expect(await waiting).not.toBeNull();
  });

  test("lets nobody wait whose signal aborts, and keeps nothing of them", async () => {
    const budget = new Budget({ tokens: 100, microUsd: null });
    const first = await reserved(budget, tokens(80));
    const controller = new AbortController();
    const waiting = hold(budget, tokens(50), controller.signal);
    controller.abort();
    await expect(waiting).rejects.toSatisfy((error) => RLMError.is(error, "aborted"));
    first.settle(tokens(0));
    expect(budget.left.tokens).toBe(100);
  });

  test("leaves no listener on the signal of those who have waited", async () => {
    const budget = new Budget({ tokens: 100, microUsd: null });
    const controller = new AbortController();
    for (let round = 0; round < 50; round++) {
      const held = await reserved(budget, tokens(80));
      const waiting = hold(budget, tokens(50), controller.signal);
      held.settle(tokens(0));
      (await waiting)?.settle(tokens(0));
    }
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });
});

describe("a part of a budget", () => {
  test("is bound by its own limit and by those above", async () => {
    const run = new Budget({ tokens: 100, microUsd: null });
    const part = new Budget({ tokens: 30, microUsd: null }, run);
    expect(part.obstacle(tokens(31))).toEqual({ name: "maxTotalTokens", value: 30 });
    (await reserved(run, tokens(90))).settle(tokens(90));
    expect(part.left.tokens).toBe(10);
    expect(part.obstacle(tokens(20))).toEqual({ name: "maxTotalTokens", value: 100 });
  });

  test("is booked above as well", async () => {
    const run = new Budget({ tokens: 100, microUsd: null });
    const part = new Budget({ tokens: 50, microUsd: null }, run);
    const reservation = await reserved(part, tokens(40));
    expect(run.left.tokens).toBe(60);
    reservation.settle(tokens(5));
    expect([run.left.tokens, part.left.tokens]).toEqual([95, 45]);
  });

  test("that is used up does not wait for requests elsewhere", async () => {
    const run = new Budget({ tokens: 1000, microUsd: null });
    const part = new Budget({ tokens: 10, microUsd: null }, run);
    await reserved(run, tokens(500));
    expect(await hold(part, tokens(20), signal)).toBeNull();
  });

  test("waits for requests elsewhere when only the whole is too small", async () => {
    const run = new Budget({ tokens: 100, microUsd: null });
    const part = new Budget({ tokens: 50, microUsd: null }, run);
    const elsewhere = await reserved(run, tokens(80));
    const waiting = hold(part, tokens(40), signal);
    elsewhere.settle(tokens(10));
    expect(await waiting).not.toBeNull();
  });
});

describe("a hundred agents at once", () => {
  /** Each asks ten times; a request really takes up to twice the estimate. */
  async function spend(seed: number, pools: (run: Budget) => readonly Budget[]) {
    const random = new Seeded(seed);
    const limit = 20_000;
    const run = new Budget({ tokens: limit, microUsd: null });
    const all = pools(run);
    let spent = 0;
    let held = 0;
    let overdraft = 0;
    const agents = Array.from({ length: 100 }, async (_, place) => {
      const budget = all[place % all.length] ?? run;
      for (let round = 0; round < 10; round++) {
        const estimate = 10 + random.below(90);
        const reservation = await hold(budget, tokens(estimate), signal);
        if (reservation === null) return;
        held += estimate;
        expect(spent + held).toBeLessThanOrEqual(limit);
        await new Promise((resolve) => setTimeout(resolve, random.below(3)));
        const real = random.below(2 * estimate);
        held -= estimate;
        spent += real;
        overdraft += Math.max(0, real - estimate);
        reservation.settle(tokens(real));
      }
    });
    await Promise.all(agents);
    return { limit, spent, overdraft, run };
  }

  test.each([1, 2, 3, 4])(
    "never begin a request beyond the limit, and overspend no more than was misjudged (seed %i)",
    async (seed) => {
      const { limit, spent, overdraft, run } = await spend(seed, (whole) => [
        whole,
        new Budget({ tokens: 4000, microUsd: null }, whole),
        new Budget({ tokens: 9000, microUsd: null }, new Budget({ tokens: 12_000, microUsd: null }, whole)),
      ]);
      expect(spent).toBeLessThanOrEqual(limit + overdraft);
      expect(run.left.tokens).toBe(limit - spent);
      expect(spent).toBeGreaterThan(limit / 2);
    },
  );
});

describe("the invariants of a budget", () => {
  test.each([-1, Number.NaN])("an amount of %d is neither reserved nor booked", async (amount) => {
    const budget = new Budget({ tokens: 100, microUsd: null });
    await expect(budget.reserve(tokens(amount), signal)).rejects.toEqual(
      broken("no reservation is negative"),
    );
    const held = await reserved(budget, tokens(10));
    expect(() => held.settle({ tokens: 0, microUsd: amount })).toThrow(broken("no consumption is negative"));
  });

  test("no more is given back than was reserved, though the caller has changed the amount", async () => {
    const budget = new Budget({ tokens: 100, microUsd: null });
    const amount = { tokens: 10, microUsd: 0 };
    const held = await reserved(budget, amount);
    amount.tokens = 50;
    expect(() => held.settle(tokens(5))).toThrow(broken("no more is given back than was reserved"));
  });

  test("hold for fractions, whose sums round", async () => {
    const budget = new Budget({ tokens: null, microUsd: 100 });
    const dollars = (microUsd: number): Amount => ({ tokens: 0, microUsd });
    const held = [await reserved(budget, dollars(0.1)), await reserved(budget, dollars(0.2))];
    for (const each of held) each.settle(dollars(0));
    expect(budget.left.microUsd).toBeCloseTo(100);
  });
});
