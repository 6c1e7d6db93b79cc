import { RLMError, type Runtime } from "@rlmflow/core";
import type { Activation, ReplSession } from "@rlmflow/core/driver";

import { type BrokenRuntime, changed, NOTHING, never } from "./changed-runtime.ts";

const UNBLAMED = [
  "a fresh REPL that dies is lost with nobody to blame",
  "a REPL that dies while it waits is lost with nobody to blame",
  "a REPL that dies between blocks is lost with nobody to blame",
];
const RUNNING = "a REPL that dies while code runs is lost";
const SPARED = "a REPL that died may be disposed, and others go on";

/** Runtimes that deal badly with the death of a sandbox; to be driven with {@link kill}. */
export const BROKEN_DEATHS: readonly BrokenRuntime[] = [
  {
    flaw: "blames the block for whatever a sandbox dies of",
    make: (good) => mortal(good, { tell: async (state) => ({ ...state, blame: "block" }) }),
    foundBy: UNBLAMED,
  },
  {
    flaw: "says of a killed sandbox that it broke a limit",
    make: (good) =>
      mortal(good, {
        tell: async (state) => ({ ...state, limit: { name: "timeMs", value: 1, unit: "ms" } }),
      }),
    foundBy: [...UNBLAMED, RUNNING],
  },
  {
    flaw: "rejects once its sandbox is gone",
    make: (good) =>
      mortal(good, { tell: ({ message }) => Promise.reject(new RLMError("sandbox_lost", message)) }),
    foundBy: [...UNBLAMED, RUNNING],
  },
  {
    flaw: "hangs once its sandbox is gone",
    make: (good) => mortal(good, { tell: () => never() }),
    foundBy: [...UNBLAMED, RUNNING],
  },
  {
    flaw: "loses all REPLs when one dies",
    make: (good) => mortal(good, { together: true }),
    foundBy: [SPARED],
  },
];

type Lost = Extract<Activation["state"], { readonly kind: "lost" }>;

/** How a mortal runtime deals with a death; as it should unless given. */
interface Dying {
  readonly tell?: (state: Lost) => Promise<Lost>;
  readonly together?: boolean;
}

const ends = new WeakMap<ReplSession, () => void>();

/** Ends the sandbox of a session of a {@link mortal} runtime. */
export async function kill(session: ReplSession): Promise<void> {
  ends.get(session)?.();
}

/** A runtime whose sandboxes can be killed as processes can; a loop without end just waits to be killed. */
export function mortal(
  good: Runtime,
  { tell = async (state) => state, together = false }: Dying = {},
): Runtime {
  const all = new Set<() => void>();
  return changed(good, {
    async open(spec) {
      const session = await good.open(spec);
      const killed = Promise.withResolvers<void>();
      let isDead = false;
      const end = (): void => {
        isDead = true;
        killed.resolve();
      };
      all.add(end);
      const lost = async (): Promise<Activation> => {
        await killed.promise;
        return { ...NOTHING, state: await tell({ kind: "lost", blame: "none", message: "killed" }) };
      };
      const face: ReplSession = {
        start: (block) => (isDead || block.code === "for (;;);" ? lost() : session.start(block)),
        deliver: (answer) => (isDead ? lost() : session.deliver(answer)),
        dispose: () => session.dispose(),
      };
      ends.set(face, () => {
        for (const one of together ? all : [end]) one();
      });
      return face;
    },
  });
}
