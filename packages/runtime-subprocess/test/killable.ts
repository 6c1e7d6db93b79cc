import type { Runtime } from "@rlmflow/core";
import type { ReplSession } from "@rlmflow/core/driver";
import { childrenOf, comesTrue, isAlive } from "../../../test/processes.ts";

const processes = new WeakMap<ReplSession, readonly number[]>();

/** The runtime, the process of each session noted; sessions that are killed must be opened one after another. */
export function noting(runtime: Runtime): Runtime {
  return {
    protocol: 1,
    name: runtime.name,
    language: runtime.language,
    isolation: runtime.isolation,
    replay: runtime.replay,
    close: () => runtime.close(),
    async open(spec) {
      const before = new Set(childrenOf());
      const session = await runtime.open(spec);
      processes.set(
        session,
        childrenOf().filter((pid) => !before.has(pid)),
      );
      return session;
    },
  };
}

/** Ends the process of a session as the operating system would. */
export async function kill(session: ReplSession): Promise<void> {
  const pids = processes.get(session) ?? [];
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await comesTrue(() => !pids.some(isAlive));
}
