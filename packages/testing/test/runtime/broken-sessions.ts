import type { Runtime } from "@rlmflow/core";
import { RLMError } from "@rlmflow/core";
import type { Activation, ReplSession, ReplSpec } from "@rlmflow/core/driver";

import { type BrokenRuntime, changed, everyActivation, everySession, never } from "./changed-runtime.ts";

/** Runtimes whose REPLs do not stand apart, or do not end, as they should. */
export const BROKEN_SESSIONS: readonly BrokenRuntime[] = [
  {
    flaw: "has no name",
    make: (good) => changed(good, { name: "" }),
    foundBy: ["says what it is"],
  },
  {
    flaw: "takes anything for code that parses",
    make: (good) => changed(good, { language: { ...good.language, parses: () => null } }),
    foundBy: ["its language tells code that parses from code that does not"],
  },
  {
    flaw: "gives one REPL to all who ask at the same time",
    make: sharesPendingOpen,
    foundBy: ["opens REPLs at the same time"],
  },
  {
    flaw: "shares one REPL between all agents",
    make: sharesGlobals,
    foundBy: [
      "what an agent sets is seen by no other",
      "a REPL starts empty, also after one of the same agent",
    ],
  },
  {
    flaw: "gives an agent its old REPL again",
    make: reusesDisposed,
    foundBy: ["a REPL starts empty, also after one of the same agent"],
  },
  {
    flaw: "runs one block at a time",
    make: runsOneBlock,
    foundBy: ["blocks of several REPLs run side by side"],
  },
  {
    flaw: "disposes every REPL with one",
    make: disposesAll,
    foundBy: ["a REPL goes on while others end"],
  },
  {
    flaw: "can't dispose a REPL twice",
    make: (good) =>
      everySession(good, (session) => {
        let disposed = false;
        const dispose = async () => {
          if (disposed) throw new RLMError("closed", "disposed already");
          disposed = true;
          await session.dispose();
        };
        return { dispose };
      }),
    foundBy: ["a REPL may be disposed twice, and does nothing after it"],
  },
  {
    flaw: "runs blocks of a disposed REPL",
    make: (good) => everySession(good, () => ({ dispose: async () => {} })),
    foundBy: [
      "a REPL may be disposed twice, and does nothing after it",
      "an activation that is pending when its REPL is disposed is lost",
      "twenty REPLs that were disposed are forgotten",
    ],
  },
  {
    flaw: "hangs when it is to dispose a REPL that waits",
    make: hangsWhenWaiting,
    foundBy: ["a REPL may be disposed while it waits for an answer"],
  },
  {
    flaw: "rejects where an activation is lost",
    make: (good) => everyActivation(good, () => rejectLost),
    foundBy: ["an activation that is pending when its REPL is disposed is lost"],
  },
  {
    flaw: "leaves an activation pending when its REPL is disposed",
    make: (good) => everySession(good, leavesPending),
    foundBy: ["an activation that is pending when its REPL is disposed is lost"],
  },
  {
    flaw: "opens REPLs after it was closed",
    make: (good) => changed(good, { close: async () => {} }),
    foundBy: ["after close no REPL opens", "close may be called twice and ends what is open"],
  },
  {
    flaw: "can't be closed twice",
    make: (good) => {
      let closed: Promise<void> | null = null;
      return changed(good, {
        close: () => {
          if (closed !== null) return Promise.reject(new RLMError("closed", "closed already"));
          closed = good.close();
          return closed;
        },
      });
    },
    foundBy: ["close may be called twice and ends what is open"],
  },
  {
    flaw: "leaves timers running",
    make: (good) => {
      for (let timer = 0; timer < 10; timer += 1) setTimeout(() => {}, 3000);
      return changed(good, {});
    },
    foundBy: ["close leaves no handle of the process behind"],
  },
  {
    flaw: "remembers every REPL it ever opened",
    make: (good) => {
      const specs: ReplSpec[] = [];
      return changed(good, {
        open: (spec) => {
          specs.push(spec);
          return specs.length > 0 ? good.open(spec) : never();
        },
      });
    },
    foundBy: ["twenty REPLs that were disposed are forgotten"],
  },
];

function sharesPendingOpen(good: Runtime): Runtime {
  let pending: Promise<ReplSession> | null = null;
  const open = (spec: ReplSpec): Promise<ReplSession> => {
    pending ??= good.open(spec).finally(() => {
      pending = null;
    });
    return pending;
  };
  return changed(good, { open });
}

function sharesGlobals(good: Runtime): Runtime {
  let session: Promise<ReplSession> | null = null;
  const open = (spec: ReplSpec): Promise<ReplSession> => {
    session ??= good.open(spec);
    return session.then((shared) => ({ ...forward(shared), dispose: async () => {} }));
  };
  return changed(good, { open });
}

function reusesDisposed(good: Runtime): Runtime {
  const free = new Map<string, ReplSession>();
  return changed(good, {
    async open(spec) {
      const session = free.get(spec.agentId) ?? (await good.open(spec));
      free.delete(spec.agentId);
      const dispose = async () => {
        free.set(spec.agentId, session);
      };
      return { ...forward(session), dispose };
    },
  });
}

function runsOneBlock(good: Runtime): Runtime {
  let last: Promise<unknown> = Promise.resolve();
  return everySession(good, (session) => {
    let end: () => void = () => {};
    const settle = (activation: Activation): Activation => {
      if (activation.state.kind !== "idle") end();
      return activation;
    };
    return {
      async start(block) {
        const before = last;
        const { promise, resolve } = Promise.withResolvers<void>();
        last = promise;
        end = resolve;
        await before;
        return settle(await session.start(block));
      },
      deliver: async (answer) => settle(await session.deliver(answer)),
    };
  });
}

function disposesAll(good: Runtime): Runtime {
  const open = new Set<ReplSession>();
  return everySession(good, (session) => {
    open.add(session);
    return { dispose: async () => void (await Promise.all([...open].map((one) => one.dispose()))) };
  });
}

function hangsWhenWaiting(good: Runtime): Runtime {
  return everySession(good, (session) => {
    let idle = false;
    return {
      async start(block) {
        const activation = await session.start(block);
        idle = activation.state.kind === "idle";
        return activation;
      },
      dispose: () => (idle ? never() : session.dispose()),
    };
  });
}

function leavesPending(session: ReplSession): Partial<ReplSession> {
  const unlessLost = (activation: Activation) =>
    activation.state.kind === "lost" ? never<Activation>() : activation;
  return { start: async (block) => unlessLost(await session.start(block)) };
}

function rejectLost(activation: Activation): Activation {
  if (activation.state.kind === "lost") throw new RLMError("sandbox_lost", activation.state.message);
  return activation;
}

function forward(session: ReplSession): ReplSession {
  return {
    start: (block) => session.start(block),
    deliver: (answer) => session.deliver(answer),
    dispose: () => session.dispose(),
  };
}
