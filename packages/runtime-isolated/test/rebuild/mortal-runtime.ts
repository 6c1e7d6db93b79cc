import type { Runtime } from "@rlmflow/core";
import type { Activation, ReplSession } from "@rlmflow/core/driver";

/** Deaths of one agent's REPLs: more of them in one block, and the engine gives it up. */
const MOST_DEATHS = 3;

/** A runtime whose REPLs are lost at random, as when a process dies in which others run code, too. */
export function mortalRuntime(
  inner: Runtime,
  dies: () => boolean,
): Runtime & { readonly deaths: { count: number } } {
  const deaths = { count: 0 };
  const died = new Map<string, number>();
  return {
    protocol: 1,
    name: inner.name,
    language: inner.language,
    isolation: inner.isolation,
    replay: inner.replay,
    deaths,
    open: async (spec) =>
      mortal(await inner.open(spec), () => {
        const before = died.get(spec.agentId) ?? 0;
        if (before === MOST_DEATHS || !dies()) return false;
        died.set(spec.agentId, before + 1);
        deaths.count += 1;
        return true;
      }),
    close: () => inner.close(),
  };
}

const LOST: Activation = {
  calls: [],
  output: "",
  codeMs: 0,
  state: { kind: "lost", blame: "none", message: "The sandbox is gone." },
};

function mortal(inner: ReplSession, dies: () => boolean): ReplSession {
  const entering = async (activation: Promise<Activation>): Promise<Activation> => {
    const brought = await activation;
    if (!dies()) return brought;
    await inner.dispose();
    return LOST;
  };
  return {
    start: (block) => entering(inner.start(block)),
    deliver: (answer) => entering(inner.deliver(answer)),
    dispose: () => inner.dispose(),
  };
}
