import type ivm from "isolated-vm";
import type { EvaluatorScript } from "./evaluator-script.ts";

/** An isolate in which the evaluator has run and nothing else. */
export interface FreshIsolate {
  readonly isolate: ivm.Isolate;
  readonly context: ivm.Context;
  /** The evaluator's `createRepl`. */
  readonly createRepl: ivm.Reference;
}

/** What isolates are made of. */
export interface IsolateMakerOptions {
  readonly ivm: typeof ivm;
  readonly evaluator: EvaluatorScript;
  readonly memoryMB: number;
  readonly timeMs: number;
  readonly onCatastrophicError: (message: string) => void;
}

/** Milliseconds without a request after which there is time to make an isolate ahead. */
const QUIET_MS = 10;

/** Makes isolates, one of them ahead of need. Owns the one that nobody has taken yet. */
export class IsolateMaker {
  readonly #options: IsolateMakerOptions;
  #next: Promise<FreshIsolate> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IsolateMakerOptions) {
    this.#options = options;
  }

  /** An isolate of the caller's own. */
  take(): Promise<FreshIsolate> {
    const next = this.#next ?? this.#make();
    this.#next = undefined;
    return next;
  }

  /** Makes one ahead as soon as nobody opens or starts anything; it would take their time. */
  prepare(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#makeAhead(), QUIET_MS);
  }

  /** What fails here fails again for whoever takes one. */
  #makeAhead(): void {
    if (this.#next) return;
    const next = this.#make();
    this.#next = next;
    next.catch(() => {
      if (this.#next === next) this.#next = undefined;
    });
  }

  async #make(): Promise<FreshIsolate> {
    const { ivm, evaluator, memoryMB: memoryLimit, timeMs: timeout, onCatastrophicError } = this.#options;
    const isolate = new ivm.Isolate({ memoryLimit, onCatastrophicError });
    const context = await isolate.createContext();
    const script = await evaluator.compile(isolate);
    const createRepl = await script.run(context, { reference: true, timeout, release: true });
    return { isolate, context, createRepl };
  }
}
