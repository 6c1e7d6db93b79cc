import type { Run } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";

/** What became of a run that may be interrupted. */
export interface Interrupts extends Disposable {
  /** Settles when an interrupt has stopped the run and all that was in flight has landed or was cut. */
  readonly stopped: Promise<"stopped">;
  /** True after the first interrupt. */
  readonly happened: boolean;
}

/** Stops a run on interrupts: the first lets what is in flight land, the second cuts it, a third ends the process. */
export function watchInterrupts(run: Run, io: CommandIo, say: (line: string) => void): Interrupts {
  const { promise: stopped, resolve, reject } = Promise.withResolvers<"stopped">();
  stopped.catch(() => {});
  let count = 0;
  const off = io.onInterrupt(() => {
    count += 1;
    if (count === 1) {
      say("Stopping: what is in flight is still taken in. Interrupt again to cut it off.");
      run.pause().then(() => resolve("stopped"), reject);
    }
    if (count < 2) return;
    // A third one finds nobody who listens, and ends the process.
    off();
    run.abort().then(() => resolve("stopped"), reject);
  });
  return {
    stopped,
    get happened() {
      return count > 0;
    },
    [Symbol.dispose]: off,
  };
}
