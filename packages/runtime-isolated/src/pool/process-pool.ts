/**
 * Which agents share which sandbox process. Owns: all processes, spare ones included, and the line of requests
 * that wait for a seat. Does not own: what happens in a process, how many there may be (process-budget.ts).
 * 1. A process serves one group at a time, or any with `shareProcesses`; an agent that asks to be alone shares with
 *    nobody. A process passes to another group only when it has no isolates left, none of them broke a limit, and what
 *    the process kept between isolates is cleared.
 * 2. Groups are served in the order in which they came. A group keeps its place in that order, and its seats, until
 *    nothing of it is left. Only a free seat in a process of its own group is given out of turn: no other could have it.
 * 3. `#serve` alone serves the line, in a microtask of its own. All other events only update the state and ask for a round.
 * 4. At most `starts` processes start at a time: more would only delay all of them.
 * 5. If nothing has happened for STALL_MS, and no code has run, the line gets one process beyond the budget: agents that
 *    have a seat may be waiting, through the engine or a tool, for agents in the line.
 * 6. An empty process is kept for IDLE_MS, unless its place is needed.
 */
import { availableParallelism } from "node:os";
import { RLMError } from "@rlmflow/core";
import { brokenInvariant } from "@rlmflow/core/store";
import { MemoryWatch, residentMB } from "@rlmflow/repl";
import type { IsolatedRuntimeSettings } from "../options.ts";
import { type Berth, hasSeat, isSpent, mayPassOn, mayServe, type Tenancy } from "./berth.ts";
import type { PooledProcess, StartProcess } from "./pooled-process.ts";
import { ProcessBudget } from "./process-budget.ts";
import type { Seat } from "./seat.ts";
import { Parties, type Party, WaitingLine } from "./waiting-line.ts";

/** A request for a seat. */
export interface SeatRequest {
  readonly group: string;
  readonly alone: boolean;
}

interface Waiting {
  readonly request: SeatRequest;
  readonly party: Party;
  readonly settle: PromiseWithResolvers<{ readonly berth: Berth; readonly tenancy: Tenancy }>;
}

/** Milliseconds without any event after which the line gets a process beyond the budget. */
const STALL_MS = 30_000;
const IDLE_MS = 5000;
/** Milliseconds between two rounds for a waiting line: memory may have become free. */
const LOOK_MS = 500;
/** How many processes are started for one seat when each is killed from outside before it is up. */
const START_ATTEMPTS = 5;
/** Sandbox processes and the places in them; see the head of this file. */
export class ProcessPool {
  readonly #settings: IsolatedRuntimeSettings;
  readonly #startProcess: StartProcess;
  readonly #budget: ProcessBudget;
  readonly #stallMs: number;
  readonly #starts: number = Math.max(2, availableParallelism());
  readonly #berths = new Set<Berth>();
  /** All that have not exited yet, including those that have been ended. */
  readonly #processes = new Set<PooledProcess>();
  readonly #memory: MemoryWatch;
  readonly #parties = new Parties();
  readonly #line = new WaitingLine<Waiting>();
  /** By group: resolves when a request of the group has to wait until a seat is given up. */
  readonly #fullFor = new Map<string, PromiseWithResolvers<void>>();
  #look: NodeJS.Timeout | undefined;
  #movedAt = 0;
  #entriesSeen = 0;
  #isServing = false;
  #closed = false;

  constructor(settings: IsolatedRuntimeSettings, startProcess: StartProcess, stallMs: number = STALL_MS) {
    this.#settings = settings;
    this.#startProcess = startProcess;
    this.#stallMs = stallMs;
    this.#budget = new ProcessBudget({ maxProcesses: settings.maxProcesses });
    this.#memory = new MemoryWatch(settings.limits.rssMB);
  }

  /** Process ids, spare ones included. */
  get pids(): readonly number[] {
    return [...this.#processes].flatMap(({ pid }) => pid ?? []);
  }

  /** Resolves when a request of the group has to wait until another seat is given up. */
  whenFull(group: string): Promise<void> {
    const full = this.#fullFor.get(group) ?? Promise.withResolvers<void>();
    this.#fullFor.set(group, full);
    this.#reportFull();
    return full.promise;
  }

  /** A seat in a process that is up. Rejects with `runtime_failed` or `closed`. */
  async take(request: SeatRequest): Promise<Seat> {
    const party = this.#parties.join(request.group);
    try {
      return await this.#seated(request, party);
    } finally {
      this.#leave(party);
    }
  }

  /** Kills every process and resolves when none is left. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#look);
    for (const { settle } of this.#line.empty()) settle.reject(closedError());
    const all = [...this.#processes];
    for (const process of all) process.end("the runtime was closed");
    await Promise.all(all.map((process) => process.holdWhile(process.exited)));
  }

  async #seated(request: SeatRequest, party: Party): Promise<Seat> {
    for (let starts = 1; ; starts += 1) {
      if (this.#closed) throw closedError();
      const { berth, tenancy } = await this.#queue(request, party);
      const { process } = berth;
      try {
        await process.holdWhile(process.ready);
      } catch (error) {
        if (this.#closed) throw closedError();
        if (process.killedFromOutside && starts < START_ATTEMPTS) continue;
        throw error;
      }
      return process.addSeat(() => this.#seatLeft(berth, tenancy));
    }
  }

  #queue(request: SeatRequest, party: Party): Waiting["settle"]["promise"] {
    const settle = Promise.withResolvers<{ readonly berth: Berth; readonly tenancy: Tenancy }>();
    if (this.#line.length === 0) this.#moved();
    this.#line.add({ request, party, settle });
    this.#askToServe();
    return settle.promise;
  }

  /** Schedules a round for the line. The line is served in no other way. */
  #askToServe(): void {
    if (this.#isServing || this.#closed) return;
    this.#isServing = true;
    queueMicrotask(() => {
      this.#isServing = false;
      if (!this.#closed) this.#serve();
    });
  }

  #serve(): void {
    let isBehind = false;
    this.#line.serve((waiting) => {
      try {
        const berth = this.#sharedWith(waiting.request) ?? (isBehind ? undefined : this.#unused());
        if (berth === undefined) {
          isBehind = true;
          return this.#hasFreeSeat() ? "waits" : "stop";
        }
        this.#grant(waiting, berth);
      } catch (error) {
        waiting.settle.reject(error);
      }
      return "served";
    });
    if (this.#line.length === 0) {
      clearInterval(this.#look);
      this.#look = undefined;
      this.#budget.restore();
      this.#keepSpares();
      return;
    }
    this.#reportFull();
    this.#look ??= setInterval(() => this.#lookAgain(), Math.min(LOOK_MS, this.#stallMs));
  }

  #reportFull(): void {
    if (this.#fullFor.size === 0 || this.#line.length === 0 || this.#budget.allows(this.#processes)) return;
    for (const { party } of this.#line) {
      this.#fullFor.get(party.group)?.resolve();
      this.#fullFor.delete(party.group);
    }
  }

  #leave(party: Party): void {
    this.#parties.leave(party);
    if (party.uses === 0) this.#fullFor.delete(party.group);
  }

  #grant({ request, party, settle }: Waiting, berth: Berth): void {
    const user = { tenant: this.#tenantOf(request), alone: request.alone };
    if (!mayServe(berth, user)) throw brokenInvariant("a process serves one group or agent");
    const tenancy = { party: this.#parties.join(party.group) };
    clearTimeout(berth.idle);
    berth.owner ??= user;
    berth.tenancies.add(tenancy);
    this.#moved();
    settle.resolve({ berth, tenancy });
  }

  /** Requests with the same tenant may share a process. */
  #tenantOf({ group }: SeatRequest): string {
    return this.#settings.shareProcesses ? "" : group;
  }

  /** A process of the same tenant that has a free seat. */
  #sharedWith(request: SeatRequest): Berth | undefined {
    if (request.alone) return undefined;
    const tenant = this.#tenantOf(request);
    return this.#berths
      .values()
      .find((berth) => berth.owner?.tenant === tenant && hasSeat(berth, this.#settings));
  }

  #hasFreeSeat(): boolean {
    return this.#berths.values().some((berth) => hasSeat(berth, this.#settings));
  }

  /** An empty process: a spare one, one that was left, or a new one. */
  #unused(): Berth | undefined {
    const empty = [...this.#berths].filter(({ tenancies }) => tenancies.size === 0);
    const reusable = empty.find((berth) => this.#mayPassOn(berth));
    if (reusable !== undefined) return this.#passOn(reusable);
    if (this.#mayStart()) return this.#start();
    // An empty process that cannot be passed on makes room: the next one starts when it has exited.
    if (this.#processes.size === this.#berths.size) empty[0]?.process.end("its place was needed");
    return undefined;
  }

  #passOn(berth: Berth): Berth {
    if (berth.owner !== null) berth.process.clear();
    berth.owner = null;
    return berth;
  }

  /** What an earlier user left must be no burden to the next: at most half of what the process may hold. */
  #mayPassOn(berth: Berth): boolean {
    if (!mayPassOn(berth, this.#settings)) return false;
    return berth.owner === null || residentMB(berth.process.pid) <= this.#settings.limits.rssMB / 2;
  }

  #mayStart(): boolean {
    return this.#startsNow < this.#starts && this.#budget.allows(this.#processes);
  }

  get #startsNow(): number {
    return this.#berths.values().reduce((count, { starting }) => count + (starting ? 1 : 0), 0);
  }

  #start(): Berth {
    const process = this.#startProcess(() => this.#ended(berth));
    const berth: Berth = { process, owner: null, tenancies: new Set(), starting: true, idle: undefined };
    this.#processes.add(process);
    this.#memory.add(process);
    process.exited.then(() => {
      this.#processes.delete(process);
      this.#memory.remove(process);
      this.#askToServe();
    });
    this.#berths.add(berth);
    const settled = (): void => this.#started(berth);
    process.ready.then(settled, settled);
    return berth;
  }

  #started(berth: Berth): void {
    berth.starting = false;
    this.#askToServe();
  }

  #keepSpares(): void {
    let missing = this.#settings.spareProcesses - this.#spares;
    try {
      while (missing-- > 0 && this.#mayStart()) this.#start();
    } catch {
      // Nobody needs it yet. The next request tries again, and gets the error if there is still one.
    }
  }

  /** The number of empty processes that any group may have. */
  get #spares(): number {
    return this.#berths
      .values()
      .reduce((count, berth) => count + (berth.tenancies.size === 0 && this.#mayPassOn(berth) ? 1 : 0), 0);
  }

  /** Looks for memory that has become free, and breaks a stall. */
  #lookAgain(): void {
    const entries = this.#processes.values().reduce((sum, process) => sum + process.entries, 0);
    const executes = this.#processes.values().some((process) => process.executes);
    if (executes || entries !== this.#entriesSeen) this.#moved();
    this.#entriesSeen = entries;
    if (performance.now() - this.#movedAt >= this.#stallMs) {
      this.#budget.extend(this.#berths.size);
      this.#moved();
    }
    this.#askToServe();
  }

  #moved(): void {
    this.#movedAt = performance.now();
  }

  #seatLeft(berth: Berth, tenancy: Tenancy): void {
    if (!berth.tenancies.delete(tenancy)) return;
    this.#leave(tenancy.party);
    this.#moved();
    if (berth.tenancies.size === 0) {
      if (isSpent(berth)) berth.process.end("nobody needs it");
      else this.#keepForAWhile(berth);
    }
    this.#askToServe();
  }

  #keepForAWhile(berth: Berth): void {
    clearTimeout(berth.idle);
    berth.idle = setTimeout(() => this.#idleForLong(berth), IDLE_MS);
    berth.idle.unref();
  }

  /** Keeps the process as a spare one if one is missing, else ends it. */
  #idleForLong(berth: Berth): void {
    const isWanted = this.#mayPassOn(berth) && this.#spares <= this.#settings.spareProcesses;
    if (isWanted) this.#passOn(berth);
    else berth.process.end("nobody needs it");
  }

  #ended(berth: Berth): void {
    clearTimeout(berth.idle);
    this.#berths.delete(berth);
    for (const { party } of berth.tenancies) this.#leave(party);
    berth.tenancies.clear();
    this.#moved();
    this.#askToServe();
  }
}

function closedError(): RLMError {
  return new RLMError("closed", "The runtime was closed. Make another one with isolatedRuntime().");
}
