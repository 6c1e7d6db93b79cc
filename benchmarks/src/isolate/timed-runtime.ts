import type { Runtime } from "@rlmflow/core";
import type { Activation, ReplSession } from "@rlmflow/core/driver";

/** When a REPL was open, and when each of its activations was over: milliseconds. */
export interface SessionTimes {
  readonly opened: number;
  /** By the id of the block, the end of its last activation so far. */
  readonly ends: Map<string, number>;
}

/** The same runtime; `heard` is told the times of every session. */
export function timedRuntime(runtime: Runtime, heard: (times: SessionTimes) => void): Runtime {
  return {
    ...runtime,
    open: async (spec) => {
      const session = await runtime.open(spec);
      const times: SessionTimes = { opened: performance.now(), ends: new Map() };
      heard(times);
      return timedSession(session, times);
    },
  };
}

function timedSession(session: ReplSession, { ends }: SessionTimes): ReplSession {
  let block = "";
  const timed = async (activation: Promise<Activation>): Promise<Activation> => {
    const ended = await activation;
    ends.set(block, performance.now());
    return ended;
  };
  return {
    start: (started) => {
      block = started.id;
      return timed(session.start(started));
    },
    deliver: (answer) => timed(session.deliver(answer)),
    dispose: () => session.dispose(),
  };
}
