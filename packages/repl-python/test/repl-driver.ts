import type { JsonValue, Outcome, Runtime } from "@rlmflow/core";
import type { Activation, ContextPayload, ReplSession, ReplSpec } from "@rlmflow/core/driver";

/** Where the clock of every block and answer stands. */
export const NOW = 1_700_000_000_000;

/** A payload that lies in memory. */
export function payload(key: string, text: string): ContextPayload {
  return { key, characters: text.length, digest: key, read: (start, end) => text.slice(start, end) };
}

/** One REPL, driven block by block. */
export class ReplDriver {
  readonly session: ReplSession;
  #blocks = 0;

  constructor(session: ReplSession) {
    this.session = session;
  }

  static async open(runtime: Runtime, spec: Partial<ReplSpec> = {}): Promise<ReplDriver> {
    const plain = { agentId: "root", group: "test", depth: 0, maxDepth: 5, seed: "seed", alone: false };
    const given = { ...plain, contexts: [], globals: {}, functions: ["echo", "read_file"], ...spec };
    return new ReplDriver(await runtime.open(given));
  }

  /** Id of the block that was started last. */
  get block(): string {
    return `root#${this.#blocks}`;
  }

  /** Starts a block of these lines. */
  start(...lines: readonly string[]): Promise<Activation> {
    this.#blocks += 1;
    return this.session.start({ id: this.block, code: lines.join("\n"), now: NOW });
  }

  deliver(index: number, outcome: Outcome, now: number = NOW): Promise<Activation> {
    return this.session.deliver({ index, outcome, now });
  }

  answer(index: number, value: JsonValue, now: number = NOW): Promise<Activation> {
    return this.deliver(index, { ok: true, value }, now);
  }

  /** Runs a block that makes no calls and gives what the model is shown of it. */
  async shown(...lines: readonly string[]): Promise<string> {
    return shownOf(await this.start(...lines));
  }
}

/** Output, then echo or error. */
export function shownOf({ output, state }: Activation): string {
  if (state.kind === "threw") return output + state.text;
  if (state.kind === "ended") return output + (state.echo ?? "");
  return `${output}<${state.kind}>`;
}
