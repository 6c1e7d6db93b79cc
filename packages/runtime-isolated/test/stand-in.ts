import type { EntryEnd } from "@rlmflow/repl";
import { findLaunch, type Launch } from "../src/launch.ts";
import { type IsolatedRuntimeOptions, resolveOptions } from "../src/options.ts";
import { ProcessPool } from "../src/pool/process-pool.ts";
import { SandboxProcess } from "../src/pool/sandbox-process.ts";
import type { Seat } from "../src/pool/seat.ts";

/** An evaluator of ten lines: a start's json is code whose value, awaited, is in the activation. */
const EVALUATOR = `(function () {
  "use strict";
  const run = eval;
  return (spec, readContext) => {
    let activation = "";
    const settle = (value) => { activation = String(value); };
    const start = (json) => {
      activation = "idle";
      try { Promise.resolve(run(json)(readContext)).then(settle, settle); } catch (error) { settle(error); }
    };
    return { start, deliver: start, activation: () => activation, stray() {} };
  };
})()`;

/** What a process of the stand-in is started with. */
export function standInLaunch(): Launch {
  return { ...findLaunch((name) => import.meta.resolve(name).replace("file://", "")), evaluator: EVALUATOR };
}

/** A pool whose isolates run the stand-in; `await using` closes it. */
export function standInPool(
  options: IsolatedRuntimeOptions = {},
  stallMs?: number,
): ProcessPool & AsyncDisposable {
  const settings = resolveOptions({ spareProcesses: 0, ...options });
  const launch = standInLaunch();
  const start = (onEnd: () => void) => new SandboxProcess({ launch, limits: settings.limits, onEnd });
  const pool = new ProcessPool(settings, start, stallMs);
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.close() });
}

/** A seat with an open isolate. */
export async function openSeat(pool: ProcessPool, request = { group: "run", alone: false }): Promise<Seat> {
  const seat = await pool.take(request);
  const opened = await seat.open("{}", []);
  if (opened.kind === "lost") throw new Error(opened.message);
  return seat;
}

/** Runs the text of a function of readContext. */
export function run(seat: Seat, code: string): Promise<EntryEnd> {
  return seat.enter("start", `(${code})`);
}
