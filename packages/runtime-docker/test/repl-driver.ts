import type { Runtime } from "@rlmflow/core";
import type { Activation, ReplSession, ReplSpec } from "@rlmflow/core/driver";

type Lost = Extract<Activation["state"], { readonly kind: "lost" }>;

/** A spec with what a test does not care about filled in. */
export function specOf(spec: Partial<ReplSpec> = {}): ReplSpec {
  return {
    agentId: "root",
    group: "run",
    depth: 0,
    maxDepth: 5,
    seed: "seed",
    contexts: [],
    globals: {},
    functions: [],
    alone: false,
    ...spec,
  };
}

/** One REPL, driven block by block. */
export class ReplDriver implements AsyncDisposable {
  readonly session: ReplSession;
  #blocks = 0;

  constructor(session: ReplSession) {
    this.session = session;
  }

  static async open(runtime: Runtime, spec: Partial<ReplSpec> = {}): Promise<ReplDriver> {
    return new ReplDriver(await runtime.open(specOf(spec)));
  }

  start(code: string): Promise<Activation> {
    this.#blocks += 1;
    return this.session.start({ id: `root#${this.#blocks}`, code, now: 1_700_000_000_000 });
  }

  /** What the block wrote. */
  async output(code: string): Promise<string> {
    const { output, state } = await this.start(code);
    if (state.kind !== "ended") throw new Error(`The block is ${state.kind}: ${JSON.stringify(state)}`);
    return output;
  }

  /** How the block lost its sandbox. */
  async loss(code: string): Promise<Lost> {
    const { state } = await this.start(code);
    if (state.kind !== "lost") throw new Error(`The block is ${state.kind}: ${JSON.stringify(state)}`);
    return state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.dispose();
  }
}

/** A runtime that is closed where its scope ends. */
export function closing<T extends Runtime>(runtime: T): T & AsyncDisposable {
  return Object.assign(runtime, { [Symbol.asyncDispose]: () => runtime.close() });
}
