import { describe, expect, test } from "vitest";
import { type IsolatedRuntimeOptions, resolveOptions } from "../../src/options.ts";
import { ProcessPool } from "../../src/pool/process-pool.ts";
import type { Seat } from "../../src/pool/seat.ts";
import { fakeProcesses } from "./fake-process.ts";

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

/** Draws whole numbers from 0 up to below the bound; the same from the same seed. */
function chanceOf(seed: number): (bound: number) => number {
  let state = (seed + 1) * 2654435761;
  return (bound) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822507) + 0x9e3779b9) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Course {
  readonly groups: number;
  /** Agents of each group, at most. */
  readonly agents: number;
  readonly options: IsolatedRuntimeOptions;
  /** One in so many processes is killed from outside, early or later; 0 for none. */
  readonly kills?: number;
  /** Activations until a process is up; by default a few, drawn. */
  readonly startTurns?: number;
}

/** Groups come one after the other; each takes seats, keeps them for a while and gives them up. */
async function play(seed: number, { groups, agents, options, kills = 0, startTurns }: Course) {
  const below = chanceOf(seed);
  const killed = () => kills > 0 && below(kills) === 0;
  const { start, made } = fakeProcesses({
    turns: () => below(4),
    startTurns: () => startTurns ?? below(5),
    diesEarly: killed,
  });
  const pool = new ProcessPool(resolveOptions({ spareProcesses: below(2), ...options }), start);
  const seatedFirst: string[] = [];
  const groupOf = new Map<Seat, string>();
  const mixed = new Set<string>();
  let most = 0;
  const look = () => {
    most = Math.max(most, made.filter(({ isThere }) => isThere).length);
    for (const { seats } of made) {
      const inside = new Set(seats.map((seat) => groupOf.get(seat)));
      if (inside.size > 1) mixed.add([...inside].join());
    }
    for (const process of made) if (!process.isDead && killed() && below(10) === 0) process.kill();
  };
  const visit = async (group: string) => {
    const seat = await pool.take({ group, alone: below(8) === 0 });
    groupOf.set(seat, group);
    if (!seatedFirst.includes(group)) seatedFirst.push(group);
    for (let turns = below(5); turns > 0; turns -= 1) {
      look();
      await turn();
    }
    await seat.dispose();
  };
  const runs = Array.from({ length: groups }, async (_, index) => {
    const count = 1 + below(agents);
    await Promise.all(Array.from({ length: count }, () => visit(`g${index}`)));
  });
  await Promise.all(runs);
  await pool.close();
  return { made, most, seatedFirst, mixed };
}

const order = (groups: number) => Array.from({ length: groups }, (_, index) => `g${index}`);

describe("any order of what happens to processes and seats", () => {
  test.each(SEEDS)("loses nobody, keeps the maximum and serves groups in order (seed %i)", async (seed) => {
    const maxProcesses = 1 + (seed % 5);
    const options = { maxProcesses, agentsPerProcess: 1 + (seed % 3) };
    const { most, seatedFirst, made } = await play(seed, { groups: 24, agents: 4, options, startTurns: 0 });
    expect(seatedFirst).toEqual(order(24));
    expect(most).toBeLessThanOrEqual(maxProcesses);
    expect(made.filter(({ isThere }) => isThere)).toEqual([]);
  });

  test.each(SEEDS)("loses nobody when processes are killed from outside (seed %i)", async (seed) => {
    const maxProcesses = 1 + (seed % 4);
    const options = { maxProcesses, agentsPerProcess: 1 + (seed % 4) };
    const { most, seatedFirst } = await play(seed, { groups: 24, agents: 3, options, kills: 12 });
    expect(seatedFirst.toSorted()).toEqual(order(24).toSorted());
    expect(most).toBeLessThanOrEqual(maxProcesses);
  });

  test.each(SEEDS)("never puts two groups into one process at a time (seed %i)", async (seed) => {
    const options = { maxProcesses: 1 + (seed % 6), agentsPerProcess: 3 };
    const { mixed, made } = await play(seed, { groups: 30, agents: 1, options });
    expect(mixed).toEqual(new Set());
    // They were passed on, and cleared each time.
    expect(made.reduce((sum, { clears }) => sum + clears, 0)).toBeGreaterThan(0);
  });

  test("with reuseProcesses: false no process ever serves a second group", async () => {
    const options = { maxProcesses: 3, reuseProcesses: false };
    const { made } = await play(1, { groups: 30, agents: 1, options });
    expect(made.every(({ clears, sessions }) => clears === 0 && sessions <= 1)).toBe(true);
  });

  test("with shareProcesses several groups are in one process", async () => {
    const options = { maxProcesses: 3, shareProcesses: true, agentsPerProcess: 8 };
    const { mixed, seatedFirst, made } = await play(1, { groups: 60, agents: 1, options });
    expect(mixed.size).toBeGreaterThan(0);
    expect(seatedFirst).toHaveLength(60);
    expect(made.length).toBeLessThan(12);
  });

  test("goes on when a spare process cannot be started", async () => {
    const { start } = fakeProcesses({ turns: () => 0, startTurns: () => 0, diesEarly: () => false });
    let started = 0;
    let refused = 0;
    const failing: typeof start = (onEnd) => {
      if (started === 1 && refused < 20) {
        refused += 1;
        throw new TypeError("There are too many open files.");
      }
      started += 1;
      return start(onEnd);
    };
    const options = { maxProcesses: 4, spareProcesses: 1, agentsPerProcess: 1 };
    const pool = new ProcessPool(resolveOptions(options), failing);
    const seat = await pool.take({ group: "a", alone: false });
    await turn();
    expect(refused).toBeGreaterThan(0);
    await expect(pool.take({ group: "b", alone: false })).rejects.toThrow("There are too many open files.");
    refused = 20;
    await pool.take({ group: "b", alone: false });
    await seat.dispose();
    await pool.close();
  });
});
