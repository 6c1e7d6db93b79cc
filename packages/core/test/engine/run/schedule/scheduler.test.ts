import { describe, expect, test } from "vitest";
import type { TransitionEnd } from "../../../../src/engine/agent/agent-port.ts";
import { WaitTable } from "../../../../src/engine/repl/wait-table.ts";
import { Budget } from "../../../../src/engine/resources/budget.ts";
import type { LiveAgent } from "../../../../src/engine/run/schedule/live-agent.ts";
import { Scheduler } from "../../../../src/engine/run/schedule/scheduler.ts";
import { RLMError } from "../../../../src/index.ts";
import { broken } from "../../../broken.ts";

type Transition = (agent: LiveAgent) => Promise<TransitionEnd>;

/** A scheduler whose agents do what they are told; `began` says who moved, in order. */
class Bench {
  readonly began: string[] = [];
  readonly retired: string[] = [];
  readonly ended = new Set<string>();
  readonly scheduler: Scheduler;
  readonly inFlight = new Map<string, number>();
  #transition: Transition;

  constructor(transition: Transition) {
    this.#transition = transition;
    this.scheduler = new Scheduler({
      begin: (agent) => this.#begin(agent),
      hasEnded: (agentId) => this.ended.has(agentId),
      retired: (agentId) => this.retired.push(agentId),
    });
  }

  add(...agentIds: readonly string[]): void {
    for (const agentId of agentIds) {
      this.scheduler.add(agentId, new Budget({ tokens: null, microUsd: null }));
      this.scheduler.ready(agentId);
    }
  }

  async #begin(agent: LiveAgent): Promise<TransitionEnd> {
    this.began.push(agent.agentId);
    const others = (this.inFlight.get(agent.agentId) ?? 0) + 1;
    this.inFlight.set(agent.agentId, others);
    expect(others, `${agent.agentId} moves once at a time`).toBe(1);
    try {
      return await this.#transition(agent);
    } finally {
      this.inFlight.set(agent.agentId, 0);
    }
  }
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Every agent ends with its first move. */
function ending(): Bench {
  const bench: Bench = new Bench(async ({ agentId }) => {
    bench.ended.add(agentId);
    return { kind: "ended" };
  });
  return bench;
}

describe("a scheduler", () => {
  test("moves the newest first and lets go of who has ended", async () => {
    const bench = ending();
    bench.add("a", "b", "c");
    await bench.scheduler.drive();
    expect(bench.began).toEqual(["c", "b", "a"]);
    expect(bench.retired.toSorted()).toEqual(["a", "b", "c"]);
    expect(bench.scheduler.agent("a")).toBeUndefined();
    expect(bench.scheduler.canMove).toBe(false);
  });

  test("has an agent in one place only, however often it is said to be ready", async () => {
    const bench = ending();
    bench.add("a");
    bench.scheduler.ready("a");
    bench.scheduler.ready("a");
    bench.scheduler.ready("nobody");
    await bench.scheduler.drive();
    expect(bench.began).toEqual(["a"]);
  });

  test("wakes a parked agent when a task it waits for has ended", async () => {
    let moves = 0;
    const waits = new WaitTable();
    waits.open(0, [{ callId: "call", agentId: "b" }], () => false);
    const bench: Bench = new Bench(async (agent) => {
      moves += 1;
      if (moves === 1) return { kind: "waiting", waits };
      expect(agent.inFlight.mailbox.take()).toEqual({ kind: "child", callId: "another call" });
      expect(agent.inFlight.mailbox.take()).toEqual({ kind: "child", callId: "call" });
      bench.ended.add(agent.agentId);
      return { kind: "ended" };
    });
    bench.add("a");
    await bench.scheduler.drive();
    expect(bench.scheduler.agent("a")?.state.kind).toBe("parked");
    bench.scheduler.childEnded("a", "another call");
    expect(bench.scheduler.canMove).toBe(false);
    const driving = bench.scheduler.drive();
    bench.scheduler.childEnded("a", "call");
    await driving;
    expect(moves).toBe(2);
  });

  test("looks again at children that ended while their parent went to sleep", async () => {
    let moves = 0;
    const bench: Bench = new Bench(async (agent) => {
      moves += 1;
      if (moves === 1) {
        bench.scheduler.childEnded("a", "call");
        return { kind: "waiting", waits: new WaitTable() };
      }
      agent.inFlight.mailbox.take();
      bench.ended.add("a");
      return { kind: "ended" };
    });
    bench.add("a");
    await bench.scheduler.drive();
    expect(moves).toBe(2);
  });

  test("steps the agents that can move when it is called, or those that are named", async () => {
    const bench: Bench = new Bench(async () => {
      if (bench.began.length === 2) bench.add("d");
      return { kind: "moved" };
    });
    bench.add("a", "b", "c");
    expect(await bench.scheduler.step(["b", "x"])).toEqual(["b"]);
    expect((await bench.scheduler.step(null)).toSorted()).toEqual(["a", "b", "c"]);
    expect(bench.began).not.toContain("d");
    expect((await bench.scheduler.step(null)).toSorted()).toEqual(["a", "b", "c", "d"]);
    await expect(bench.scheduler.step(["x"])).rejects.toSatisfy((error) =>
      RLMError.is(error, "nothing_to_do"),
    );
  });

  test("lands what is in flight when it is paused, and starts nothing more", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const bench = new Bench(async () => {
      await promise;
      return { kind: "moved" };
    });
    bench.add("a", "b");
    const driving = bench.scheduler.drive();
    const paused = bench.scheduler.pause();
    resolve();
    await Promise.all([paused, driving]);
    expect(bench.began).toEqual(["b", "a"]);
    expect(bench.scheduler.canMove).toBe(true);
  });

  test("aborts every transition when all is stopped, and moves nobody any more", async () => {
    const bench = new Bench(
      (agent) =>
        new Promise((_, reject) => {
          agent.stopSignal.addEventListener("abort", () => reject(new RLMError("aborted", "stopped")));
        }),
    );
    bench.add("a", "b");
    const driving = bench.scheduler.drive();
    await tick();
    bench.scheduler.stopAll();
    await driving;
    bench.add("c");
    await bench.scheduler.drive();
    expect(bench.began).toEqual(["b", "a"]);
    expect(bench.scheduler.stopped).toBe(true);
  });

  test("stops one agent, ready or busy, and lets the others be", async () => {
    const bench: Bench = new Bench(async ({ agentId, stopSignal }) => {
      await tick();
      if (stopSignal.aborted) throw new RLMError("aborted", "stopped");
      bench.ended.add(agentId);
      return { kind: "ended" };
    });
    bench.add("a", "b", "c");
    const [a, c] = [bench.scheduler.agent("a"), bench.scheduler.agent("c")];
    if (a === undefined || c === undefined) throw new Error("both were added");
    bench.scheduler.stop(a);
    const driving = bench.scheduler.drive();
    bench.scheduler.stop(c);
    await driving;
    expect(bench.began).toEqual(["c", "b"]);
    expect([...bench.ended]).toEqual(["b"]);
  });

  test("cuts everything and rejects with what first failed", async () => {
    const aborted: string[] = [];
    const bench = new Bench(async (agent) => {
      if (agent.agentId === "bad") throw new RLMError("store_failed", "the disk is full");
      agent.stopSignal.addEventListener("abort", () => aborted.push(agent.agentId));
      await new Promise<void>((resolve) => agent.stopSignal.addEventListener("abort", () => resolve()));
      throw new RLMError("aborted", "stopped");
    });
    bench.add("a", "b", "bad");
    await expect(bench.scheduler.drive()).rejects.toThrow("the disk is full");
    expect(aborted.toSorted()).toEqual(["a", "b"]);
    expect(bench.scheduler.failed).toBe(true);
    await expect(bench.scheduler.drive()).rejects.toThrow("the disk is full");
  });

  test("counts work that no transition does", async () => {
    const bench = ending();
    const { promise, resolve } = Promise.withResolvers<void>();
    const holding = bench.scheduler.hold(async () => {
      await promise;
      return 7;
    });
    let quiet = false;
    const driving = bench.scheduler.drive().then(() => {
      quiet = true;
    });
    await tick();
    expect(quiet).toBe(false);
    resolve();
    expect(await holding).toBe(7);
    await driving;
  });

  test("does work between two moves of an agent, one piece after another", async () => {
    const order: string[] = [];
    const bench: Bench = new Bench(async () => {
      order.push("move");
      await tick();
      order.push("moved");
      if (order.filter((word) => word === "moved").length === 2) bench.ended.add("a");
      return { kind: "moved" };
    });
    bench.add("a");
    const agent = bench.scheduler.agent("a");
    if (agent === undefined) throw new Error("it was added");
    const work = (name: string) => async () => {
      order.push(`begin ${name}`);
      await tick();
      order.push(`end ${name}`);
    };
    const driving = bench.scheduler.drive();
    await Promise.all([bench.scheduler.between(agent, work("x")), bench.scheduler.between(agent, work("y"))]);
    await driving;
    expect(order).toEqual(["move", "moved", "begin x", "end x", "begin y", "end y", "move", "moved"]);
  });
});

describe("the invariants of a scheduler", () => {
  test("a state that somebody else sets while the agent moves ends all moving", async () => {
    const bench = new Bench(async (agent) => {
      await tick();
      agent.state = { kind: "ready" };
      return { kind: "ended" };
    });
    bench.add("a");
    await expect(bench.scheduler.drive()).rejects.toEqual(
      broken("only the scheduler sets the state of an agent that moves"),
    );
    expect(bench.began).toEqual(["a"]);
  });

  test("an agent that is stopped while its transition begins does not move", async () => {
    const bench: Bench = new Bench(async (agent) => {
      bench.scheduler.stop(agent);
      return { kind: "ended" };
    });
    bench.add("a");
    await expect(bench.scheduler.drive()).rejects.toEqual(
      broken("an agent that was stopped never moves again"),
    );
  });

  test("a step begins no transition of an agent that another one has stopped", async () => {
    const other = "b";
    const bench: Bench = new Bench(async ({ agentId }) => {
      const next = bench.scheduler.agent(other);
      if (agentId !== other && next !== undefined) bench.scheduler.stop(next);
      return { kind: "moved" };
    });
    bench.add(other, "a");
    // A step chooses both; the first to begin stops the other.
    await expect(bench.scheduler.step(null)).rejects.toEqual(
      broken("only an agent that is ready begins a transition"),
    );
    expect(bench.began).toEqual(["a"]);
  });
});
