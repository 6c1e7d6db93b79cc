/**
 * Which agents share which sandbox process. Owns: every process, the spare ones, the line of those who wait
 * for a place. Does not own: what happens in a process.
 *
 * 1. A process serves one group in its life, and an agent that asks to be alone shares with nobody.
 * 2. There are at most `maxProcesses`, starting and spare ones included, but for the way out in 4.
 * 3. Who waits is served whenever a place comes free, in order, though never behind somebody whose place is
 *    not free yet: who is ahead may be waiting for the one behind.
 * 4. A line that has not moved for STALL_MS gets one process beyond the maximum, up to twice of it: those who
 *    have a place may be waiting, through the engine, for those in line.
 * 5. An empty process is kept for its group for IDLE_MS, unless its place is needed.
 */
import { RLMError } from "@rlmflow/core";
import type { Launch } from "../launch.ts";
import type { IsolatedRuntimeSettings } from "../options.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { SandboxProcess } from "./sandbox-process.ts";
import type { Seat } from "./seat.ts";

/** Who asks for a seat. */
export interface SeatRequest {
  readonly group: string;
  readonly alone: boolean;
}

interface Berth {
  readonly process: SandboxProcess;
  /** `null` while it is a spare. */
  owner: SeatRequest | null;
  /** Seats taken or promised. */
  taken: number;
  idle: NodeJS.Timeout | undefined;
}

interface Waiting {
  readonly request: SeatRequest;
  readonly settle: PromiseWithResolvers<Berth>;
}

const STALL_MS = 5000;
const IDLE_MS = 5000;
/** Processes that are started for one seat when somebody outside kills each before it is up. */
const START_ATTEMPTS = 5;
/** Sessions after which a process takes no new ones, so that what isolates leave behind is given back. */
const SESSIONS_PER_PROCESS = 500;

/** Sandbox processes and the places in them; see the head of this file. */
export class ProcessPool {
  readonly #settings: IsolatedRuntimeSettings;
  readonly #findLaunch: () => Launch;
  readonly #berths = new Map<SandboxProcess, Berth>();
  readonly #processes = new Set<SandboxProcess>();
  readonly #memory: MemoryWatch;
  readonly #line: Waiting[] = [];
  #launch: Launch | undefined;
  #stall: NodeJS.Timeout | undefined;
  #movedAt = 0;
  #closed = false;

  constructor(settings: IsolatedRuntimeSettings, findLaunch: () => Launch) {
    this.#settings = settings;
    this.#findLaunch = findLaunch;
    this.#memory = new MemoryWatch(settings.limits.rssMB, this.#processes);
  }

  /** Process ids, spare ones included. */
  get pids(): readonly number[] {
    return [...this.#processes].flatMap(({ pid }) => pid ?? []);
  }

  /** A seat in a process that is up. Rejects with `runtime_failed` or `closed`. */
  async take(request: SeatRequest): Promise<Seat> {
    for (let starts = 1; ; starts += 1) {
      if (this.#closed) throw closedError();
      const berth = this.#place(request) ?? (await this.#queue(request));
      try {
        await berth.process.holdWhile(berth.process.ready);
      } catch (error) {
        if (this.#closed) throw closedError();
        if (berth.process.killedFromOutside && starts < START_ATTEMPTS) continue;
        throw error;
      }
      const seat = berth.process.addSeat();
      this.#keepSpares();
      return seat;
    }
  }

  /** Kills every process and resolves when none is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#memory.stop();
    clearInterval(this.#stall);
    for (const { settle } of this.#line.splice(0)) settle.reject(closedError());
    const all = [...this.#processes];
    for (const process of all) process.end("the runtime was closed");
    await Promise.all(all.map((process) => process.holdWhile(process.exited)));
  }

  #place(request: SeatRequest): Berth | undefined {
    const berth = this.#shared(request) ?? this.#spare() ?? this.#fresh(this.#settings.maxProcesses);
    if (!berth) return undefined;
    berth.owner ??= request;
    berth.taken += 1;
    clearTimeout(berth.idle);
    return berth;
  }

  #shared({ group, alone }: SeatRequest): Berth | undefined {
    if (alone) return undefined;
    return this.#berths.values().find(({ owner, taken, process }) => {
      if (!owner || owner.alone || owner.group !== group) return false;
      return taken < this.#settings.agentsPerProcess && process.sessions < SESSIONS_PER_PROCESS;
    });
  }

  #spare(): Berth | undefined {
    return this.#berths.values().find((berth) => berth.owner === null);
  }

  #fresh(maxProcesses: number): Berth | undefined {
    if (this.#berths.size >= maxProcesses) {
      const empty = this.#berths.values().find((berth) => berth.taken === 0);
      if (!empty) return undefined;
      empty.process.end("its place was needed");
    }
    return this.#start();
  }

  #start(): Berth {
    this.#launch ??= this.#findLaunch();
    const process = new SandboxProcess({
      launch: this.#launch,
      limits: this.#settings.limits,
      onEnd: () => this.#ended(berth),
      onSeatLeft: () => this.#seatLeft(berth),
    });
    const berth: Berth = { process, owner: null, taken: 0, idle: undefined };
    this.#berths.set(process, berth);
    this.#processes.add(process);
    this.#memory.start();
    process.exited.then(() => this.#processes.delete(process));
    return berth;
  }

  #keepSpares(): void {
    if (this.#closed || this.#line.length > 0) return;
    let missing = this.#settings.spareProcesses;
    for (const { owner } of this.#berths.values()) if (owner === null) missing -= 1;
    while (missing-- > 0 && this.#berths.size < this.#settings.maxProcesses) this.#start();
  }

  #queue(request: SeatRequest): Promise<Berth> {
    const settle = Promise.withResolvers<Berth>();
    if (this.#line.length === 0) this.#movedAt = performance.now();
    this.#line.push({ request, settle });
    this.#stall ??= setInterval(() => this.#breakStall(), STALL_MS / 5);
    return settle.promise;
  }

  #serveLine(): void {
    if (this.#closed) return;
    for (const waiting of [...this.#line]) this.#serve(waiting, () => this.#place(waiting.request));
    if (this.#line.length > 0) return;
    clearInterval(this.#stall);
    this.#stall = undefined;
  }

  #breakStall(): void {
    const first = this.#line[0];
    if (!first || performance.now() - this.#movedAt < STALL_MS) return;
    if (this.#berths.size >= this.#settings.maxProcesses * 2) return;
    this.#serve(first, () => {
      const berth = this.#start();
      berth.owner = first.request;
      berth.taken = 1;
      return berth;
    });
    this.#serveLine();
  }

  #serve(waiting: Waiting, place: () => Berth | undefined): void {
    try {
      const berth = place();
      if (!berth) return;
      waiting.settle.resolve(berth);
    } catch (error) {
      waiting.settle.reject(error);
    }
    this.#movedAt = performance.now();
    this.#line.splice(this.#line.indexOf(waiting), 1);
  }

  #seatLeft(berth: Berth): void {
    berth.taken -= 1;
    if (berth.taken === 0) {
      const isSpent = berth.owner?.alone || berth.process.sessions >= SESSIONS_PER_PROCESS;
      if (isSpent) berth.process.end("nobody needs it");
      else this.#keepForAWhile(berth);
    }
    this.#serveLine();
  }

  #keepForAWhile(berth: Berth): void {
    clearTimeout(berth.idle);
    berth.idle = setTimeout(() => berth.process.end("nobody needs it"), IDLE_MS);
    berth.idle.unref();
  }

  #ended(berth: Berth): void {
    clearTimeout(berth.idle);
    this.#berths.delete(berth.process);
    this.#serveLine();
  }
}

function closedError(): RLMError {
  return new RLMError("closed", "The runtime was closed. Make another one with isolatedRuntime().");
}
