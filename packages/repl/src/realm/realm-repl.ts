// One REPL in a realm of this process.
//
// Owns: the realm, and when its microtasks run: they run only inside an entry. Invariants: (1) code runs
// only under the time limit; (2) an entry ends when no microtask is left; (3) once an entry has run out of
// time nothing of the realm runs again.
import { setImmediate } from "node:timers/promises";
import { constants, createContext, runInContext, Script } from "node:vm";
import { RLMError } from "@rlmflow/core";
import type { ServedRepl } from "../serve-repl.ts";
import { OutputMirror } from "./output-mirror.ts";
import { StrayRejections } from "./stray-rejections.ts";

/** What a realm is made of. */
export interface RealmReplOptions {
  /** Text of the evaluator. */
  readonly evaluator: string;
  readonly spec: string;
  readonly readContext: (key: string, start: number, end: number) => string;
  /** Milliseconds of one entry. */
  readonly timeMs: number;
  /** Called now and then while an entry writes, with what it has written so far. */
  readonly onOutput?: (text: string) => void;
}

/** Writes of an entry that are reported immediately. */
const REPORTED_AT_ONCE = 50;
/** Milliseconds between two reports of an entry that writes more. */
const REPORT_MS = 20;

interface EvaluatorRepl {
  start(json: string): void;
  deliver(json: string): void;
  activation(): string;
  ended(): boolean;
  stray(reason: unknown): void;
}

/**
 * Runs a call as a microtask of the realm, so that the time limit covers it too. `taken` gives what the
 * last one returned.
 */
interface Entrance {
  enter(method: (argument: never) => unknown, argument: unknown): void;
  taken(): unknown;
}

const ENTER = `(() => {
  "use strict";
  const { apply } = Reflect;
  const { then } = Promise.prototype;
  const settled = Promise.resolve();
  Object.defineProperty(settled, "constructor", { value: undefined });
  let result;
  return {
    __proto__: null,
    enter: (method, argument) => {
      result = undefined;
      apply(then, settled, [() => { result = method(argument); }]);
    },
    taken: () => result,
  };
})()`;
const MICROTASKS = new Script("void 0");

/** A REPL in a fresh realm of this process. */
export class RealmRepl implements ServedRepl {
  readonly #realm: object = createContext(constants.DONT_CONTEXTIFY, { microtaskMode: "afterEvaluate" });
  readonly #repl: EvaluatorRepl;
  readonly #entrance: Entrance;
  readonly #strays: StrayRejections;
  readonly #timeMs: number;
  readonly #onOutput: ((text: string) => void) | undefined;
  readonly #written = new OutputMirror();
  #reports = 0;
  #reportedAt = 0;
  #dead = false;

  constructor({ evaluator, spec, readContext, timeMs, onOutput }: RealmReplOptions) {
    this.#timeMs = timeMs;
    this.#onOutput = onOutput;
    this.#entrance = runInContext(ENTER, this.#realm);
    const createRepl = runInContext(evaluator, this.#realm, { filename: "rlmflow:evaluator" });
    this.#repl = createRepl(spec, readContext, (text: string) => this.#mirror(text));
    this.#strays = new StrayRejections(runInContext("Promise.prototype", this.#realm));
  }

  async start(block: string, patience = 1): Promise<string> {
    // What an ended block left behind is not the next one's.
    await setImmediate();
    this.#strays.take();
    return this.#run(this.#repl.start, block, patience);
  }

  deliver(answer: string, patience = 1): Promise<string> {
    return this.#run(this.#repl.deliver, answer, patience);
  }

  /** What the entry under way, or the last one, has written. */
  written(): string {
    return this.#written.text;
  }

  async dispose(): Promise<void> {
    this.#dead = true;
    this.#strays.stop();
  }

  async #run(method: (json: string) => void, json: string, patience: number): Promise<string> {
    if (this.#dead) throw new RLMError("sandbox_lost", "The REPL is gone.");
    const timeMs = this.#timeMs * patience;
    this.#written.clear();
    this.#reports = 0;
    this.#enter(method, json, timeMs);
    // Node tells of unhandled rejections only after this.
    await setImmediate();
    if (this.#repl.ended())
      for (const reason of this.#strays.take()) this.#enter(this.#repl.stray, reason, timeMs);
    const activation = this.#enter(this.#repl.activation, undefined, timeMs);
    if (typeof activation !== "string")
      throw new RLMError("sandbox_lost", "The block exhausted the realm it ran in.");
    return activation;
  }

  #mirror(text: string): void {
    this.#written.add(text);
    if (this.#onOutput === undefined) return;
    const now = performance.now();
    if (this.#reports >= REPORTED_AT_ONCE && now - this.#reportedAt < REPORT_MS) return;
    this.#reports += 1;
    this.#reportedAt = now;
    this.#onOutput(this.#written.text);
  }

  /** Calls into the realm and runs its microtasks, all of it under the time limit. */
  #enter(method: (argument: never) => unknown, argument: unknown, timeMs: number): unknown {
    this.#entrance.enter(method, argument);
    try {
      MICROTASKS.runInContext(this.#realm, { timeout: timeMs });
    } catch (cause) {
      this.#dead = true;
      const limit = { name: "timeMs", value: timeMs, unit: "ms" };
      const message = `The block computed for more than ${timeMs} ms without waiting.`;
      throw new RLMError("sandbox_lost", message, { cause, details: { limit } });
    }
    return this.#entrance.taken();
  }
}
