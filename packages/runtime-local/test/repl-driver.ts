import type { Outcome, Runtime } from "@rlmflow/core";
import type { Activation, ContextPayload, ReplSession, ReplSpec } from "@rlmflow/core/driver";

/** The clock of the first entry of every driver; each entry moves it by one. */
export const NOW = 1_700_000_000_000;

/** A spec with what a test does not care about filled in. */
export function specOf(spec: Partial<ReplSpec> = {}): ReplSpec {
  return {
    agentId: "root",
    group: "test",
    depth: 0,
    maxDepth: 5,
    seed: "seed",
    contexts: [],
    globals: {},
    functions: ["readFile", "writeFile"],
    alone: false,
    ...spec,
  };
}

/** A payload that lies in memory. */
export function payload(key: string, text: string): ContextPayload {
  return { key, characters: text.length, digest: key, read: (start, end) => text.slice(start, end) };
}

/** One REPL, driven block by block. */
export class ReplDriver {
  readonly session: ReplSession;
  #blocks = 0;
  #now = NOW;

  constructor(session: ReplSession) {
    this.session = session;
  }

  static async open(runtime: Runtime, spec: Partial<ReplSpec> = {}): Promise<ReplDriver> {
    return new ReplDriver(await runtime.open(specOf(spec)));
  }

  start(code: string): Promise<Activation> {
    this.#blocks += 1;
    this.#now += 1;
    return this.session.start({ id: `root#${this.#blocks}`, code, now: this.#now });
  }

  deliver(index: number, outcome: Outcome): Promise<Activation> {
    this.#now += 1;
    return this.session.deliver({ index, outcome, now: this.#now });
  }

  answer(index: number, value: unknown): Promise<Activation> {
    return this.deliver(index, { ok: true, value: JSON.parse(JSON.stringify(value)) });
  }

  refuse(index: number, name: string, message: string): Promise<Activation> {
    return this.deliver(index, { ok: false, error: { name, message } });
  }

  /** Runs a block that makes no calls and gives what it printed, its echo included. */
  async print(code: string): Promise<string> {
    const activation = await this.start(code);
    if (activation.state.kind === "threw") return `${activation.output}${activation.state.text}`;
    if (activation.state.kind !== "ended") return `${activation.output}<${activation.state.kind}>`;
    return activation.state.echo === null
      ? activation.output
      : `${activation.output}${activation.state.echo}`;
  }
}
