import type { JsonValue } from "../../data/json.ts";
import type { Attempt, ErrorData, Origin, Outcome } from "../../data/node.ts";
import type { Usage } from "../../data/usage.ts";
import { RLMError } from "../../errors.ts";

/** What an effect came to. A `done` that was accepted carries the checked value and gives the code no answer. */
export interface Finished {
  readonly outcome: Outcome;
  readonly usage?: Usage;
  readonly attempts?: readonly Attempt[];
  readonly accepted?: { readonly value: JsonValue };
  /** `policy` when it changed or refused the call. Absent: `engine`. */
  readonly origin?: Origin;
  /** The arguments that replaced those of the code. */
  readonly changedArgs?: readonly JsonValue[];
}

/** The policy's decision about a call. `changedArgs` replace the arguments of the code. */
export type Approval =
  | { readonly kind: "call"; readonly changedArgs?: readonly JsonValue[] }
  | { readonly kind: "refused"; readonly error: ErrorData };

/** Something that happened outside a block and that it may have to hear of. */
export type MailboxEntry =
  | {
      readonly kind: "effect";
      /** The action whose block made the call. */
      readonly actionId: string;
      readonly index: number;
      readonly startedAt: number;
      readonly finished: Finished;
    }
  /** The policy has decided about a call, which has not been made yet. */
  | {
      readonly kind: "approval";
      readonly actionId: string;
      readonly index: number;
      readonly startedAt: number;
      readonly approval: Approval;
    }
  /** A query that the agent delegated with this call has ended. */
  | { readonly kind: "child"; readonly callId: string };

/**
 * The mailbox of one agent: what finished while its REPL was busy or asleep, in the order in which it
 * finished. One reader at a time.
 */
export class Mailbox {
  readonly #queue: MailboxEntry[] = [];
  #waiting: ((entry: MailboxEntry) => void) | null = null;

  get size(): number {
    return this.#queue.length;
  }

  put(entry: MailboxEntry): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#queue.push(entry);
    else waiting(entry);
  }

  /** Takes back that a query has ended which goes on after all. */
  forgetChild(callId: string): void {
    const kept = this.#queue.filter((entry) => entry.kind !== "child" || entry.callId !== callId);
    this.#queue.splice(0, this.#queue.length, ...kept);
  }

  /** Takes the effects out, whoever they were for; what children did stays. */
  takeEffects(): readonly Extract<MailboxEntry, { kind: "effect" }>[] {
    const effects = this.#queue.filter((entry) => entry.kind === "effect");
    const others = this.#queue.filter((entry) => entry.kind !== "effect");
    this.#queue.splice(0, this.#queue.length, ...others);
    return effects;
  }

  /** The oldest one, or `undefined` when there is none. */
  take(): MailboxEntry | undefined {
    return this.#queue.shift();
  }

  /** The oldest one, waiting for it. Rejects with `aborted` when the signal aborts. */
  next(signal: AbortSignal): Promise<MailboxEntry> {
    if (signal.aborted)
      return Promise.reject(new RLMError("aborted", "Aborted while a block waited for an answer."));
    const ready = this.#queue.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting = null;
        reject(new RLMError("aborted", "Aborted while a block waited for an answer."));
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting = (entry) => {
        signal.removeEventListener("abort", abort);
        resolve(entry);
      };
    });
  }
}
