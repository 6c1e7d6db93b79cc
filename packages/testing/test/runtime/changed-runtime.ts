import type { Runtime } from "@rlmflow/core";
import type { Activation, Answer, Block, ReplSession, ReplSpec } from "@rlmflow/core/driver";

/** A runtime that is wrong in one way, and checks that must find it. */
export interface BrokenRuntime {
  readonly flaw: string;
  readonly make: (good: Runtime) => Runtime;
  readonly foundBy: readonly string[];
}

/** The runtime, but for what is replaced. */
export function changed(runtime: Runtime, change: Partial<Runtime>): Runtime {
  return {
    protocol: 1,
    name: runtime.name,
    language: runtime.language,
    isolation: runtime.isolation,
    replay: runtime.replay,
    open: (spec) => runtime.open(spec),
    close: () => runtime.close(),
    ...change,
  };
}

/** Every session of the runtime, but for what is replaced. */
export function everySession(
  runtime: Runtime,
  change: (session: ReplSession, spec: ReplSpec) => Partial<ReplSession>,
): Runtime {
  return changed(runtime, {
    async open(spec) {
      const session = await runtime.open(spec);
      return {
        start: (block) => session.start(block),
        deliver: (answer) => session.deliver(answer),
        dispose: () => session.dispose(),
        ...change(session, spec),
      };
    },
  });
}

/** Every activation of the runtime, changed. */
export function everyActivation(
  runtime: Runtime,
  make: () => (activation: Activation, block: Block) => Activation,
): Runtime {
  return everySession(runtime, (session) => {
    const change = make();
    let running: Block = { id: "", code: "", now: 0 };
    return {
      start: async (block) => {
        running = block;
        return change(await session.start(block), running);
      },
      deliver: async (answer) => change(await session.deliver(answer), running),
    };
  });
}

/** Every state of an activation in which the main code has ended, changed. */
export function everyEnd(
  runtime: Runtime,
  change: Partial<Extract<Activation["state"], { kind: "ended" }>>,
): Runtime {
  return everyActivation(runtime, () => (activation) => {
    const { state } = activation;
    if (state.kind === "ended") return { ...activation, state: { ...state, ...change } };
    const { echo: _, kind: __, ...rest } = change;
    return state.kind === "threw" ? { ...activation, state: { ...state, ...rest } } : activation;
  });
}

/** Every block of the runtime, changed. */
export function everyBlock(runtime: Runtime, change: (block: Block, spec: ReplSpec) => Block): Runtime {
  return everySession(runtime, (session, spec) => ({ start: (block) => session.start(change(block, spec)) }));
}

/** Every block, with this code in front of its first line. */
export function everyBlockAfter(runtime: Runtime, code: string): Runtime {
  return everyBlock(runtime, (block) => ({ ...block, code: `${code} ${block.code}` }));
}

/** Every answer to a call, changed. */
export function everyAnswer(runtime: Runtime, change: (answer: Answer) => Answer): Runtime {
  return everySession(runtime, (session) => ({ deliver: (answer) => session.deliver(change(answer)) }));
}

/** Every spec, changed. */
export function everySpec(runtime: Runtime, change: (spec: ReplSpec) => ReplSpec): Runtime {
  return changed(runtime, { open: (spec) => runtime.open(change(spec)) });
}

/** An activation in which nothing happened. */
export const NOTHING: Activation = { calls: [], output: "", codeMs: 0, state: { kind: "idle" } };

/** A promise that never settles. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
