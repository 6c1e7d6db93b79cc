import type { WatchedProcess } from "@rlmflow/repl";
import type { Seat } from "./seat.ts";

/** What the pool needs of a sandbox process. */
export interface PooledProcess extends WatchedProcess {
  /** Resolves when isolates can be opened; rejects with `runtime_failed`. */
  readonly ready: Promise<void>;
  /** Resolves when the operating system has forgotten the process. */
  readonly exited: Promise<void>;
  /** Sessions that were ever opened in it. */
  readonly sessions: number;
  /** Entries that were ever made into its isolates. */
  readonly entries: number;
  /** True when code in it has broken a limit: who comes next from elsewhere gets another process. */
  readonly tainted: boolean;
  /** True when neither we nor code inside ended the process. */
  readonly killedFromOutside: boolean;
  /** A seat for one more REPL; `onLeft` is called when its isolate is gone while the process lives on. */
  addSeat(onLeft: () => void): Seat;
  /** Has it forget what it keeps between isolates. To be called when it has none. */
  clear(): void;
  /** Ends it with nobody at fault. */
  end(why: string): void;
  /** Keeps the engine's event loop alive until the promise settles. */
  holdWhile<T>(promise: Promise<T>): Promise<T>;
}

/** Starts a process. `onEnd` is called once, when it has ended or is as good as, and never before this returns. */
export type StartProcess = (onEnd: () => void) => PooledProcess;
