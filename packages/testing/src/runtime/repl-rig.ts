// One REPL under examination.
//
// Owns: the ids of blocks, the clock, the count of calls of the running block. Does not own: the session's
// life. Invariants: (1) every turn that it hands out keeps the laws of `ensureTurn`; (2) each entry moves
// the clock by a second.

import type { ErrorData, JsonValue, Outcome } from "@rlmflow/core";
import type { Call, ReplSession, ReplSpec, Turn, TurnState } from "@rlmflow/core/driver";
import { ensure, within } from "../contract/contract.ts";
import { ensureTurn } from "./ensure-turn.ts";

/** Where the clock of a REPL's first entry stands. */
export const FIRST_NOW = 1_700_000_000_000;

/** A block's turns up to its end, and the calls it made. */
export interface Played {
  readonly turns: readonly Turn[];
  readonly calls: readonly Call[];
  readonly output: string;
  readonly state: TurnState;
}

type Ended = Extract<TurnState, { readonly kind: "ended" }>;
type Threw = Extract<TurnState, { readonly kind: "threw" }>;

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
  start(...lines: readonly string[]): Promise<Turn> {
    this.#blocks += 1;
    this.#calls = 0;
    this.#now += 1000;
    const block = { id: this.block, code: lines.join("\n"), now: this.#now };
    return this.#turn("the first turn of a block", this.session.start(block));
  }

  deliver(index: number, outcome: Outcome): Promise<Turn> {
    this.#now += 1000;
    return this.#turn("the turn after an answer", this.session.deliver({ index, outcome, now: this.#now }));
  }

  answer(index: number, value: JsonValue): Promise<Turn> {
    return this.deliver(index, { ok: true, value });
  }

  refuse(index: number, error: ErrorData): Promise<Turn> {
    return this.deliver(index, { ok: false, error });
  }

  /** Runs a block, its calls answered one by one in the order of their indices. */
  async play(lines: readonly string[], answerOf: AnswerOf): Promise<Played> {
    const turns = [await this.start(...lines)];
    const calls = turns.flatMap((turn) => turn.calls);
    for (const call of calls) {
      const outcome = answerOf(call);
      if (outcome === null) continue;
      const turn = await this.deliver(call.index, outcome);
      turns.push(turn);
      calls.push(...turn.calls);
      ensure(calls.length <= MAX_CALLS, `the block makes more than ${MAX_CALLS} calls`);
    }
    const output = turns.map((turn) => turn.output).join("");
    return { turns, calls, output, state: turns.at(-1)?.state ?? { kind: "idle" } };
  }

  /** The output of a block that ends at once, without calls. */
  async output(...lines: readonly string[]): Promise<string> {
    const turn = await this.start(...lines);
    ensureEnded(turn);
    ensure(turn.calls.length === 0, "a block that makes no calls made some");
    return turn.output;
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

  async #turn(what: string, pending: Promise<Turn>): Promise<Turn> {
    const turn = await within(this.#patienceMs, what, pending);
    ensureTurn(turn, this.spec, this.#calls);
    this.#calls += turn.calls.length;
    return turn;
  }
}

/** Demands that the main code has ended. */
export function ensureEnded({ state }: { readonly state: TurnState }): Ended {
  ensure(state.kind === "ended", `the block is ${told(state)} instead of ended`);
  return state;
}

/** Demands that the main code threw. */
export function ensureThrew({ state }: { readonly state: TurnState }): Threw {
  ensure(state.kind === "threw", `the block is ${told(state)} instead of threw`);
  return state;
}

/** Demands that the block waits. */
export function ensureIdle({ state }: { readonly state: TurnState }): void {
  ensure(state.kind === "idle", `the block is ${told(state)} instead of idle`);
}

/** Demands that the REPL is gone. */
export function ensureLost({
  state,
}: {
  readonly state: TurnState;
}): Extract<TurnState, { readonly kind: "lost" }> {
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

function told(state: TurnState): string {
  if (state.kind === "threw") return `threw (${state.text.slice(0, 300)})`;
  return state.kind === "lost" ? `lost (${state.message})` : state.kind;
}
