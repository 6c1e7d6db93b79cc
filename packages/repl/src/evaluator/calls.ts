// The calls of one block: issued by guest code, answered by the host.
//
// Owns: indices, the queue of calls the host has not seen, what each answer settles.
// Does not own: what the calls mean. Invariants: (1) indices are contiguous from 0 in the order in which
// code made the calls; (2) a call that is refused here takes no index; (3) at most `outstandingCalls` are
// with the host, waits apart; (4) an answer settles its call once.
import type { Use } from "./call-promise.ts";
import {
  append,
  bareList,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  quote,
  RangeErrorConstructor,
} from "./primordials.ts";
import type { EvaluatorLimits } from "./spec.ts";

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

/** The calls of one block. */
export class Calls {
  readonly #limits: EvaluatorLimits;
  readonly #open = new MapConstructor<number, NewCall>();
  readonly #known: KnownCall[] = bareList();
  readonly #unsent: UnsentCall[] = bareList();
  #sent = 0;
  #unsentSize = 0;
  #withHost = 0;
  #unanswered = 0;

  constructor(limits: EvaluatorLimits) {
    this.#limits = limits;
  }

  /** Calls without an answer, whether the host has seen them or not. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Takes a call and gives its index. Throws a RangeError when the block has made too many. */
  issue(call: NewCall): number {
    const index = this.#known.length;
    if (index >= this.#limits.callsPerBlock) {
      throw new RangeErrorConstructor(`a block can make at most ${this.#limits.callsPerBlock} calls`);
    }
    const json = `{"index":${index},"name":${quote(call.name)},"args":[${joined(call.args)}]}`;
    if (this.#unsentSize + json.length > this.#limits.unsentSize) {
      throw new RangeErrorConstructor(
        `the calls that wait to be sent hold more than ${this.#limits.unsentSize} characters; await some first`,
      );
    }
    this.#unsentSize += json.length;
    append(this.#unsent, { json, waits: call.name === "wait" });
    append(this.#known, { index, name: call.name, use: call.use, refused: false });
    mapSet(this.#open, index, call);
    this.#unanswered += 1;
    return index;
  }

  /** JSON texts of the calls the host may start now, in order. */
  takeUnsent(): string {
    let text = "";
    while (this.#sent < this.#unsent.length) {
      const call = this.#unsent[this.#sent];
      if (call === undefined) break;
      if (!call.waits && this.#withHost >= this.#limits.outstandingCalls) break;
      if (!call.waits) this.#withHost += 1;
      text += text === "" ? call.json : `,${call.json}`;
      this.#unsentSize -= call.json.length;
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
    if (call.name !== "wait") this.#withHost -= 1;
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
