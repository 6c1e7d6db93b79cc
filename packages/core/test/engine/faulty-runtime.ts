import type { Activation, Answer, Block, ReplSession, ReplSpec } from "../../src/driver.ts";
import type { Runtime } from "../../src/index.ts";
import { inlineRuntime } from "./inline-runtime.ts";

/** What a faulty runtime does in place of what it should; each is given the real thing. */
export interface Faults {
  readonly open?: (spec: ReplSpec, real: () => Promise<ReplSession>) => Promise<ReplSession>;
  readonly start?: (spec: ReplSpec, block: Block, real: () => Promise<Activation>) => Promise<Activation>;
  readonly deliver?: (spec: ReplSpec, answer: Answer, real: () => Promise<Activation>) => Promise<Activation>;
  readonly dispose?: (spec: ReplSpec, real: () => Promise<void>) => Promise<void>;
}

/** The inline runtime with faults. `alive` counts the sessions that are open. */
export function faultyRuntime(
  faults: Faults = {},
): Runtime & { readonly alive: { now: number; most: number } } {
  const inline = inlineRuntime();
  const alive = { now: 0, most: 0 };
  return {
    ...inline,
    alive,
    open: async (spec) => {
      const real = async (): Promise<ReplSession> => {
        const session = await inline.open(spec);
        alive.now += 1;
        alive.most = Math.max(alive.most, alive.now);
        return new FaultySession(spec, session, faults, alive);
      };
      return await (faults.open?.(spec, real) ?? real());
    },
  };
}

class FaultySession implements ReplSession {
  readonly #spec: ReplSpec;
  readonly #session: ReplSession;
  readonly #faults: Faults;
  readonly #alive: { now: number };
  #disposed = false;

  constructor(spec: ReplSpec, session: ReplSession, faults: Faults, alive: { now: number }) {
    this.#spec = spec;
    this.#session = session;
    this.#faults = faults;
    this.#alive = alive;
  }

  async start(block: Block): Promise<Activation> {
    const real = () => this.#session.start(block);
    return await (this.#faults.start?.(this.#spec, block, real) ?? real());
  }

  async deliver(answer: Answer): Promise<Activation> {
    const real = () => this.#session.deliver(answer);
    return await (this.#faults.deliver?.(this.#spec, answer, real) ?? real());
  }

  async dispose(): Promise<void> {
    const real = () => this.#session.dispose();
    if (!this.#disposed) this.#alive.now -= 1;
    this.#disposed = true;
    await (this.#faults.dispose?.(this.#spec, real) ?? real());
  }
}
