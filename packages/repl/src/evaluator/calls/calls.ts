// The calls of one block: issued by guest code, answered by the host.
//
// Owns: indices, the queue of calls the host has not seen, what each answer settles, which calls were refused.
// Does not own: what the calls mean. Invariants: (1) indices are contiguous from 0 in the order in which
// code made the calls; (2) a call that is refused here takes no index; (3) at most `outstandingCalls` are
// with the host, waits apart; (4) the calls of one activation fit `activationSize`, the others queue; (5) an answer
// settles its call once.

import type { EvaluatorLimits } from "../../wire/evaluator-spec.ts";
import {
  append,
  bareList,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  quote,
  RangeErrorConstructor,
} from "../realm/primordials.ts";
import { callPromise, type Use } from "./call-promise.ts";

/** What became of a call, as the host tells it. */
export type HostOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** A call as code makes it. */
export interface NewCall {
  readonly name: string;
  /** JSON text of each argument. */
  readonly args: readonly string[];
  readonly use: Use;
  /** Takes the answer, at most once; must not throw. */
  readonly settle: (outcome: HostOutcome) => void;
}

interface KnownCall {
  readonly index: number;
  readonly name: string;
  readonly use: Use;
  refused: boolean;
}

interface UnsentCall {
  readonly waits: boolean;
  readonly json: string;
}

interface OpenCall {
  readonly waits: boolean;
  readonly settle: NewCall["settle"];
}

interface Refusal {
  readonly reason: unknown;
  readonly use: Use;
}

/** Refused calls of one block of which it is kept whether somebody awaits them. */
const MOST_REFUSALS = 1_000;

/** The calls of one block. */
export class Calls {
  readonly #limits: EvaluatorLimits;
  readonly #open = new MapConstructor<number, OpenCall>();
  readonly #known: KnownCall[] = bareList();
  readonly #unsent: UnsentCall[] = bareList();
  #refusals: Refusal[] = bareList();
  #tooMany: Error | null = null;
  #tooManyAnswer: Promise<never> | null = null;
  #sent = 0;
  /** Calls of `done`, which may always be made. */
  #dones = 0;
  #withHost = 0;
  #unanswered = 0;

  constructor(limits: EvaluatorLimits) {
    this.#limits = limits;
  }

  /** Calls without an answer, whether the host has seen them or not. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Throws a RangeError, always the same one, when the block has made all the calls it can. */
  ensureRoom(): void {
    const { callsPerBlock } = this.#limits;
    if (this.#known.length - this.#dones < callsPerBlock) return;
    this.#tooMany ??= new RangeErrorConstructor(
      `a block can make at most ${callsPerBlock} calls; make the others in your next block`,
    );
    throw this.#tooMany;
  }

  /** Takes a call and gives its index. Throws a RangeError for one too many, or too large for an activation. */
  issue(call: NewCall): number {
    if (call.name !== "done") this.ensureRoom();
    else if (this.#dones >= this.#limits.callsPerBlock) {
      throw new RangeErrorConstructor(`done was refused ${this.#dones} times; go on in your next block`);
    }
    const index = this.#known.length;
    const { activationSize } = this.#limits;
    const json = `{"index":${index},"name":${quote(call.name)},"args":[${joined(call.args)}]}`;
    if (json.length > activationSize) {
      throw new RangeErrorConstructor(
        `the arguments of ${call.name} hold more than ${activationSize} characters of JSON; send less`,
      );
    }
    const waits = call.name === "wait";
    append(this.#unsent, { json, waits });
    if (call.name === "done") this.#dones += 1;
    append(this.#known, { index, name: call.name, use: call.use, refused: false });
    mapSet(this.#open, index, { waits, settle: call.settle });
    this.#unanswered += 1;
    return index;
  }

  /** A promise that rejects with why a call was refused. Calls beyond the last that may be made share one. */
  refuse(reason: unknown): Promise<never> {
    if (reason === this.#tooMany && this.#tooManyAnswer !== null) return this.#tooManyAnswer;
    const use = { used: false };
    const { promise, reject } = callPromise<never>(use);
    reject(reason);
    this.noteRefusal(reason, use);
    if (reason === this.#tooMany) this.#tooManyAnswer = promise;
    return promise;
  }

  /** Keeps in mind a refusal that is told when the block ends, unless somebody has used it by then. */
  noteRefusal(reason: unknown, use: Use): void {
    if (this.#refusals.length < MOST_REFUSALS) append(this.#refusals, { reason, use });
  }

  /** Hands out, once, the reasons of refusals that nobody has used. */
  takeRefusals(): readonly unknown[] {
    const reasons = bareList<unknown>();
    for (let i = 0; i < this.#refusals.length; i += 1) {
      const refusal = this.#refusals[i];
      if (refusal?.use.used === false) append(reasons, refusal.reason);
    }
    this.#refusals = bareList();
    return reasons;
  }

  /** JSON texts of the calls the host may start now, in order: as many as fit one activation. */
  takeUnsent(): string {
    let text = "";
    while (this.#sent < this.#unsent.length) {
      const call = this.#unsent[this.#sent];
      if (call === undefined) break;
      if (!call.waits && this.#withHost >= this.#limits.outstandingCalls) break;
      if (text !== "" && text.length + call.json.length >= this.#limits.activationSize) break;
      if (!call.waits) this.#withHost += 1;
      text += text === "" ? call.json : `,${call.json}`;
      this.#unsent[this.#sent] = SENT;
      this.#sent += 1;
    }
    return text;
  }

  /** Gives a call its answer. An index that is not open is ignored. */
  deliver(index: number, outcome: HostOutcome): void {
    const call = mapGet(this.#open, index);
    const known = this.#known[index];
    if (call === undefined || known === undefined || index >= this.#sent) return;
    mapDelete(this.#open, index);
    this.#unanswered -= 1;
    if (!call.waits) this.#withHost -= 1;
    known.refused = !outcome.ok;
    call.settle(outcome);
  }

  /**
   * Indices of calls the host has seen whose promise nobody used, as JSON. Children are named by whoever waits for them,
   * and an accepted `done` has nobody left to tell.
   */
  unawaited(): string {
    let text = "";
    for (let i = 0; i < this.#sent; i += 1) {
      const call = this.#known[i];
      if (call === undefined || call.use.used || call.name === "delegate") continue;
      if (call.name === "done" && !call.refused) continue;
      text += text === "" ? `${call.index}` : `,${call.index}`;
    }
    return `[${text}]`;
  }
}

const SENT: UnsentCall = { waits: false, json: "" };

function joined(args: readonly string[]): string {
  let text = "";
  for (let i = 0; i < args.length; i += 1) text += i === 0 ? `${args[i]}` : `,${args[i]}`;
  return text;
}
