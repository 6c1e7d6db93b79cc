import type { PooledProcess, StartProcess } from "../../src/pool/pooled-process.ts";
import { Seat, type SeatPort } from "../../src/pool/seat.ts";

/** What a fake process does at its own time: the pool must bear any order of these. */
export interface FakeTimes {
  /** Turns of the event loop until it has disposed an isolate, or is gone. */
  turns(): number;
  /** Turns of the event loop until it is up. */
  startTurns(): number;
  /** True when this process is to be killed from outside before it is up. */
  diesEarly(): boolean;
}

const LIMITS = { timeMs: 1000, wallMs: 1000, memoryMB: 128, rssMB: 512 };
const GONE = { kind: "lost", blame: "none", message: "It was killed." } as const;

/** A sandbox process without a process: it opens nothing and runs nothing, but has seats, and dies. */
export class FakeProcess implements PooledProcess {
  readonly pid: number;
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
  readonly executes = false;
  sessions = 0;
  entries = 0;
  tainted = false;
  killedFromOutside = false;
  /** True once it was told to end or was killed. */
  isDead = false;
  /** True until the operating system has forgotten it. */
  isThere = true;
  /** Times that it was cleared. */
  clears = 0;
  readonly #times: FakeTimes;
  readonly #onEnd: () => void;
  readonly #seats = new Map<number, Seat>();
  readonly #readiness = Promise.withResolvers<void>();
  readonly #exit = Promise.withResolvers<void>();

  constructor(pid: number, times: FakeTimes, onEnd: () => void) {
    this.pid = pid;
    this.#times = times;
    this.#onEnd = onEnd;
    this.ready = this.#readiness.promise;
    this.ready.catch(() => {});
    this.exited = this.#exit.promise;
    void this.#start();
  }

  /** Those whose isolates there are. */
  get seats(): readonly Seat[] {
    return [...this.#seats.values()];
  }

  addSeat(onLeft: () => void): Seat {
    this.sessions += 1;
    const session = this.sessions;
    const port: SeatPort = {
      limits: LIMITS,
      send: (kind) => {
        if (kind === "dispose") void this.#dispose(session, onLeft);
        return true;
      },
      entered: () => {},
      broken: () => {},
      hold: () => {},
      release: () => {},
      hung: () => {},
      stuck: () => {},
      left: () => {},
    };
    const seat = new Seat(session, port);
    if (this.isDead) seat.processGone(GONE);
    else this.#seats.set(session, seat);
    return seat;
  }

  clear(): void {
    if (this.#seats.size > 0) throw new TypeError("cleared while somebody is in it");
    this.clears += 1;
  }

  end(): void {
    this.#die();
  }

  endForMemory(): void {
    this.#die();
  }

  kill(): void {
    this.killedFromOutside ||= !this.isDead;
    this.#die();
  }

  async holdWhile<T>(promise: Promise<T>): Promise<T> {
    return promise;
  }

  async #start(): Promise<void> {
    await turns(this.#times.startTurns());
    if (this.#times.diesEarly()) this.kill();
    this.#readiness.resolve();
  }

  async #dispose(session: number, onLeft: () => void): Promise<void> {
    await turns(this.#times.turns());
    const seat = this.#seats.get(session);
    if (!this.#seats.delete(session)) return;
    onLeft();
    seat?.receive({ kind: "disposed", session, text: "" });
  }

  /** As a real one: everybody is told in the moment it is known, whoever is at work at that moment. */
  #die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#readiness.reject(new TypeError("It did not start."));
    for (const seat of this.#seats.values()) seat.processGone(GONE);
    this.#seats.clear();
    this.#onEnd();
    void turns(this.#times.turns()).then(() => {
      this.isThere = false;
      this.#exit.resolve();
    });
  }
}

/** Starts fake processes; `made` has each of them. */
export function fakeProcesses(times: FakeTimes): {
  readonly start: StartProcess;
  readonly made: FakeProcess[];
} {
  const made: FakeProcess[] = [];
  const start: StartProcess = (onEnd) => {
    const process = new FakeProcess(-made.length - 1, times, onEnd);
    made.push(process);
    return process;
  };
  return { start, made };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
