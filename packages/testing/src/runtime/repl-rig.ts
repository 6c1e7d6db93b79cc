// One REPL under examination.
//
// Owns: the ids of blocks, the clock, the count of calls of the running block. Does not own: the session's
// life. Invariants: (1) every activation that it hands out keeps the laws of `ensureActivation`; (2) each entry moves
// the clock by a second.

import type { ErrorData, JsonValue, Outcome } from "@rlmflow/core";
import type { Activation, ActivationState, Call, ReplSession, ReplSpec } from "@rlmflow/core/driver";
import { ensure, within } from "../contract/contract.ts";
import { ensureActivation } from "./ensure-activation.ts";

/** Where the clock of a REPL's first entry stands. */
export const FIRST_NOW = 1_700_000_000_000;

/** A block's activations up to its end, and the calls it made. */
export interface Played {
  readonly activations: readonly Activation[];
  readonly calls: readonly Call[];
  readonly output: string;
  readonly state: ActivationState;
}

type Ended = Extract<ActivationState, { readonly kind: "ended" }>;
type Threw = Extract<ActivationState, { readonly kind: "threw" }>;

/** Answers a call, or leaves it open for good. */
export type AnswerOf = (call: Call) => Outcome | null;

const MAX_CALLS = 1000;

/** Drives a session; see the head of this file. */
export class ReplRig {
  readonly session: ReplSession;
  readonly spec: ReplSpec;
  readonly #patienceMs: number;
  #blocks = 0;
  #calls = 0;
  #now = FIRST_NOW - 1000;

  constructor(session: ReplSession, spec: ReplSpec, patienceMs: number) {
    this.session = session;
    this.spec = spec;
    this.#patienceMs = patienceMs;
  }

  /** Where the clock stands. */
  get now(): number {
    return this.#now;
  }

  /** Id of the block that was started last. */
  get block(): string {
    return `${this.spec.agentId}#${this.#blocks}`;
  }

  /** Starts the next block. */
  start(...lines: readonly string[]): Promise<Activation> {
    this.#blocks += 1;
    this.#calls = 0;
    this.#now += 1000;
    const block = { id: this.block, code: lines.join("\n"), now: this.#now };
    return this.#activation("the first activation of a block", this.session.start(block));
  }

  deliver(index: number, outcome: Outcome): Promise<Activation> {
    this.#now += 1000;
    return this.#activation(
      "the activation after an answer",
      this.session.deliver({ index, outcome, now: this.#now }),
    );
  }

  answer(index: number, value: JsonValue): Promise<Activation> {
    return this.deliver(index, { ok: true, value });
  }

  refuse(index: number, error: ErrorData): Promise<Activation> {
    return this.deliver(index, { ok: false, error });
  }

  /** Runs a block, its calls answered one by one in the order of their indices. */
  async play(lines: readonly string[], answerOf: AnswerOf): Promise<Played> {
    const activations = [await this.start(...lines)];
    const calls = activations.flatMap((activation) => activation.calls);
    for (const call of calls) {
      const outcome = answerOf(call);
      if (outcome === null) continue;
      const activation = await this.deliver(call.index, outcome);
      activations.push(activation);
      calls.push(...activation.calls);
      ensure(calls.length <= MAX_CALLS, `the block makes more than ${MAX_CALLS} calls`);
    }
    const output = activations.map((activation) => activation.output).join("");
    return { activations, calls, output, state: activations.at(-1)?.state ?? { kind: "idle" } };
  }

  /** The output of a block that ends at once, without calls. */
  async output(...lines: readonly string[]): Promise<string> {
    const activation = await this.start(...lines);
    ensureEnded(activation);
    ensure(activation.calls.length === 0, "a block that makes no calls made some");
    return activation.output;
  }

  /** How a block stands that ends at once. */
  async ended(...lines: readonly string[]): Promise<Ended> {
    return ensureEnded(await this.start(...lines));
  }

  /** How a block stands that throws at once. */
  async threw(...lines: readonly string[]): Promise<Threw> {
    return ensureThrew(await this.start(...lines));
  }

  /** The value that a block writes as one line of JSON. */
  async json(...lines: readonly string[]): Promise<unknown> {
    return parseLine(await this.output(...lines));
  }

  dispose(): Promise<void> {
    return within(this.#patienceMs, "disposing a REPL", this.session.dispose());
  }

  async #activation(what: string, pending: Promise<Activation>): Promise<Activation> {
    const activation = await within(this.#patienceMs, what, pending);
    ensureActivation(activation, this.spec, this.#calls);
    this.#calls += activation.calls.length;
    return activation;
  }
}

/** Demands that the main code has ended. */
export function ensureEnded({ state }: { readonly state: ActivationState }): Ended {
  ensure(state.kind === "ended", `the block is ${told(state)} instead of ended`);
  return state;
}

/** Demands that the main code threw. */
export function ensureThrew({ state }: { readonly state: ActivationState }): Threw {
  ensure(state.kind === "threw", `the block is ${told(state)} instead of threw`);
  return state;
}

/** Demands that the block waits. */
export function ensureIdle({ state }: { readonly state: ActivationState }): void {
  ensure(state.kind === "idle", `the block is ${told(state)} instead of idle`);
}

/** Demands that the REPL is gone. */
export function ensureLost({
  state,
}: {
  readonly state: ActivationState;
}): Extract<ActivationState, { readonly kind: "lost" }> {
  ensure(state.kind === "lost", `the block is ${told(state)} instead of lost`);
  return state;
}

/** The JSON value that one line of output holds. */
export function parseLine(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    ensure(false, `the output is ${JSON.stringify(output.slice(0, 200))} instead of a line of JSON`);
  }
}

function told(state: ActivationState): string {
  if (state.kind === "threw") return `threw (${state.text.slice(0, 300)})`;
  return state.kind === "lost" ? `lost (${state.message})` : state.kind;
}
