import { readFileSync } from "node:fs";
import { residentMB } from "@rlmflow/repl";
import { describe, expect, test } from "vitest";
import { openSeat, run, standInPool } from "../stand-in.ts";

const ALONE = { group: "run", alone: true };
const HANG = "() => { for (;;); }";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** True when the promise settles within the time. */
function settles(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new Promise<boolean>((resolve) => setTimeout(resolve, ms, false));
  return Promise.race([promise.then(() => true), timer]);
}

async function until(condition: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).toBe(true);
}

describe("places", () => {
  test("agents of a group share a process until it is full", async () => {
    await using pool = standInPool({ agentsPerProcess: 3 });
    await openSeat(pool);
    await openSeat(pool);
    await openSeat(pool);
    expect(pool.pids).toHaveLength(1);
    await openSeat(pool);
    expect(pool.pids).toHaveLength(2);
  });

  test("groups never share a process, and with reuseProcesses: false not even one after the other", async () => {
    await using pool = standInPool({ maxProcesses: 1, reuseProcesses: false });
    const first = await openSeat(pool, { group: "a", alone: false });
    const [pid] = pool.pids;
    await first.dispose();
    await openSeat(pool, { group: "b", alone: false });
    await until(() => pool.pids.length === 1);
    expect(pool.pids).not.toContain(pid);
  });

  test("an agent that asks to be alone shares with nobody before or after it", async () => {
    await using pool = standInPool();
    await openSeat(pool);
    const alone = await openSeat(pool, ALONE);
    expect(pool.pids).toHaveLength(2);
    await openSeat(pool);
    await openSeat(pool);
    expect(pool.pids).toHaveLength(2);
    const [, pid] = pool.pids;
    await alone.dispose();
    await until(() => !isAlive(pid ?? 0));
  });

  test("a spare process is used and replaced", async () => {
    await using pool = standInPool({ spareProcesses: 1 });
    await openSeat(pool);
    expect(pool.pids).toHaveLength(2);
    const [, spare] = pool.pids;
    await openSeat(pool, ALONE);
    expect(pool.pids).toHaveLength(3);
    expect(pool.pids[1]).toBe(spare);
  });

  test("beyond the maximum agents wait in line and a dispose lets the next one in", async () => {
    await using pool = standInPool({ maxProcesses: 1, agentsPerProcess: 2 });
    const seats = [await openSeat(pool), await openSeat(pool)];
    const third = openSeat(pool);
    const fourth = openSeat(pool);
    expect(await settles(third, 300)).toBe(false);
    await seats[0]?.dispose();
    expect(await run(await third, "() => 3")).toMatchObject({ text: "3" });
    expect(await settles(fourth, 100)).toBe(false);
    await (await third).dispose();
    expect(await run(await fourth, "() => 4")).toMatchObject({ text: "4" });
    expect(pool.pids).toHaveLength(1);
  });

  test("whoever waits for a process of its own holds up nobody who fits elsewhere", async () => {
    await using pool = standInPool({ maxProcesses: 1, agentsPerProcess: 2 });
    const first = await openSeat(pool);
    const alone = openSeat(pool, ALONE);
    const second = await openSeat(pool);
    expect(await settles(alone, 100)).toBe(false);
    await Promise.all([first.dispose(), second.dispose()]);
    expect(await run(await alone, "() => 'own'")).toMatchObject({ text: "own" });
  });

  test("a line that does not move gets a process beyond the maximum", async () => {
    await using pool = standInPool({ maxProcesses: 1, agentsPerProcess: 1 }, 300);
    await openSeat(pool);
    const child = await openSeat(pool);
    expect(await run(child, "() => 'moved'")).toMatchObject({ text: "moved" });
  });
});

describe("the end of a process", () => {
  test("kill -9 in mid-block is told at once, and blames nobody: no code inside can do that", async () => {
    await using pool = standInPool();
    const seat = await openSeat(pool);
    const neighbour = await openSeat(pool);
    const pending = run(seat, HANG);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    process.kill(pool.pids[0] ?? 0, "SIGKILL");
    const message = "The sandbox process is gone: it was killed from outside.";
    expect(await pending).toEqual({ kind: "lost", blame: "none", message });
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await run(neighbour, "() => 1")).toMatchObject({ kind: "lost", blame: "none" });
    expect(await run(neighbour, "() => 1")).toMatchObject({ kind: "lost", blame: "none" });
    await Promise.all([seat.dispose(), neighbour.dispose()]);
    expect(await run(await openSeat(pool), "() => 1")).toMatchObject({ text: "1" });
  });

  test("a crash with several blocks running blames none of them", async () => {
    await using pool = standInPool();
    const seats = [await openSeat(pool), await openSeat(pool), await openSeat(pool)];
    const pending = seats.map((seat) => run(seat, HANG));
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(pool.pids[0] ?? 0, "SIGABRT");
    for (const end of await Promise.all(pending)) expect(end).toMatchObject({ kind: "lost", blame: "none" });
  });

  test("a block that can't be interrupted is blamed alone, though others ran", async () => {
    const limits = { timeMs: 4000, wallMs: 4000 };
    await using pool = standInPool({ limits });
    const seat = await openSeat(pool);
    const neighbour = await openSeat(pool);
    const hung = run(seat, "() => [].indexOf.call({ length: 2 ** 53 - 1 }, 1)");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const innocent = run(neighbour, HANG);
    const limit = { name: "wallMs", value: 4000, unit: "ms" };
    expect(await hung).toMatchObject({ kind: "lost", blame: "block", limit });
    expect(await innocent).toMatchObject({ kind: "lost", blame: "none" });
  });

  test("a limit of the isolate alone costs the neighbours nothing", async () => {
    await using pool = standInPool({ limits: { timeMs: 300, memoryMB: 32 } });
    const seat = await openSeat(pool);
    const neighbour = await openSeat(pool);
    await run(neighbour, "() => { globalThis.kept = 9; }");
    const limit = { name: "timeMs", value: 300, unit: "ms" };
    expect(await run(seat, HANG)).toMatchObject({ kind: "lost", blame: "block", limit });
    expect(await run(seat, "() => 1")).toMatchObject({ kind: "lost", blame: "block" });
    expect(await run(neighbour, "() => kept")).toMatchObject({ text: "9" });
    expect(pool.pids).toHaveLength(1);
  });

  test("closing during running blocks leaves no process and no pending promise", async () => {
    const pool = standInPool();
    const seat = await openSeat(pool);
    const hang = run(seat, HANG);
    const uninterruptible = run(await openSeat(pool), "() => [].indexOf.call({ length: 2 ** 53 - 1 }, 1)");
    const { pids } = pool;
    const opening = pool.take({ group: "other", alone: false });
    const refused = expect(opening).rejects.toMatchObject({ code: "closed" });
    await pool.close();
    await refused;
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await hang).toMatchObject({ kind: "lost", blame: "none" });
    expect(await uninterruptible).toMatchObject({ kind: "lost", blame: "none" });
    await pool.close();
    await expect(pool.take({ group: "run", alone: false })).rejects.toMatchObject({ code: "closed" });
  });

  test("disposing a hung REPL ends in bounded time and its neighbour is rebuilt", async () => {
    await using pool = standInPool();
    const seat = await openSeat(pool);
    const neighbour = await openSeat(pool);
    const pending = run(seat, "() => [].indexOf.call({ length: 2 ** 53 - 1 }, 1)");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    const disposed = seat.dispose();
    expect(await pending).toMatchObject({ kind: "lost", blame: "none" });
    await disposed;
    expect(performance.now() - began).toBeLessThan(4000);
    expect(await run(neighbour, "() => 1")).toMatchObject({ kind: "lost", blame: "none" });
  });
});

describe("what is left behind", () => {
  test("two hundred REPLs opened and disposed leave neither processes nor much memory", async () => {
    await using pool = standInPool({ maxProcesses: 2 });
    const keeper = await openSeat(pool);
    const block = "() => { globalThis.big = new Array(1e5).fill(1); return 1; }";
    const use = async () => {
      const seat = await openSeat(pool);
      expect(await run(seat, block)).toMatchObject({ text: "1" });
      await seat.dispose();
    };
    for (let i = 0; i < 40; i += 1) await use();
    const before = residentMB(pool.pids[0]);
    for (let i = 0; i < 40; i += 1) await Promise.all([use(), use(), use(), use()]);
    expect(pool.pids).toHaveLength(1);
    expect(residentMB(pool.pids[0]) - before).toBeLessThan(100);
    expect(await run(keeper, "() => 'here'")).toMatchObject({ text: "here" });
  });

  test("the environment of a sandbox process is empty", async () => {
    process.env.PLANTED_SECRET = "planted-7d1f";
    await using pool = standInPool();
    await openSeat(pool);
    delete process.env.PLANTED_SECRET;
    expect(readFileSync(`/proc/${pool.pids[0]}/environ`, "utf8")).toBe("");
  });
});
