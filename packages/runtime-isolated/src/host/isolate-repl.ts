/**
 * One isolate and the REPL in it. Owns: the isolate, the entry under way and the piece of a context it stands
 * still for. Does not own: the pipe, the cache of pieces, the fate of the process.
 *
 * 1. Only strings cross the border; sandboxed code can reach no reference of ours.
 * 2. Every entry has a time limit. An isolate that broke a limit is disposed and never entered again, because the
 *    microtasks of a cut entry would run in the next one.
 * 3. Only the activation says how the code ended. The rejection of an entry does not: it may be any stray rejection.
 * 4. The time limit leaves out the time in which the isolate waits for pieces, but not the time between them.
 */
import type ivm from "isolated-vm";
import { type Broken, type Opening, PIECE_CHARACTERS, type PieceRequest } from "../wire.ts";
import { BOOTSTRAP } from "./bootstrap.ts";
import type { FreshIsolate } from "./isolate-maker.ts";
import { HEAD_UNITS, OutputMirror } from "./output-mirror.ts";
import type { PieceCache } from "./piece-cache.ts";

/** What an isolate needs of its process. */
export interface IsolatePort {
  readonly ivm: typeof ivm;
  readonly pieces: PieceCache;
  readonly timeMs: number;
  /** Asks the engine for a piece, which comes by `givePiece`. */
  fetch(request: PieceRequest): void;
  /** Is given what the entry under way has written so far. */
  tellOutput(text: string): void;
}

/** How an entry ended. */
export type EntryEnd =
  | { readonly kind: "activation"; readonly text: string }
  | ({ readonly kind: "broken" } & Broken);

/** A stray rejection is what fails a call into an isolate that broke no limit. */
type CallEnd = EntryEnd | { readonly kind: "stray"; readonly json: string };

/** isolated-vm's words when the time limit of an entry has passed. */
const TIMED_OUT = "Script execution timed out.";
/** An activation may be asked for again when a stray rejection took the place of the answer. */
const ACTIVATION_ATTEMPTS = 3;
/** Milliseconds after which the output of a running entry is reported, and between two reports. */
const REPORT_MS = 10;
/** Characters of a stray rejection that its block is told. */
const STRAY_CHARACTERS = 2000;

/** See the head of this file. Made by {@link IsolateRepl.open}. */
export class IsolateRepl {
  readonly #port: IsolatePort;
  readonly #isolate: ivm.Isolate;
  readonly #contexts: Opening["contexts"];
  #enter: ivm.Reference | undefined;
  #stray: ivm.Reference | undefined;
  #take: ivm.Reference | undefined;
  #entry: Promise<unknown> = Promise.resolve();
  #enteredAt = 0;
  /** What the entry under way may take. */
  #timeMs = 0;
  #waitedMs = 0;
  #expired = false;
  #arrived: ((piece: string | null) => void) | undefined;
  readonly #written = new OutputMirror();
  #running = false;
  #reporting: NodeJS.Timeout | undefined;

  private constructor(port: IsolatePort, { isolate }: FreshIsolate, { contexts }: Opening) {
    this.#port = port;
    this.#isolate = isolate;
    this.#contexts = contexts;
  }

  /** A REPL in an isolate that is its own from now on. Rejects when there can be none. */
  static async open(port: IsolatePort, fresh: FreshIsolate, opening: Opening): Promise<IsolateRepl> {
    const repl = new IsolateRepl(port, fresh, opening);
    const piece = new port.ivm.Reference(async (key: unknown, index: unknown) => {
      // In a list, a text is copied into the isolate's own heap. By itself it would be memory outside of it,
      // which nothing makes an isolate give back while it reads on.
      return new port.ivm.ExternalCopy([await repl.#piece(key, index)]).copyInto({ release: true });
    });
    const memory = new port.ivm.ExternalCopy(repl.#written.memory).copyInto({ release: true });
    const told = new port.ivm.Reference(() => repl.#reportSoon());
    const { spec } = opening;
    const parts = [fresh.createRepl.derefInto(), piece, PIECE_CHARACTERS, spec, memory, HEAD_UNITS, told];
    try {
      const made: ivm.Reference = await fresh.context.evalClosure(BOOTSTRAP, parts, {
        filename: "rlmflow:bootstrap",
        result: { reference: true },
        timeout: port.timeMs,
      });
      const names = ["enter", "stray", "take"].map((name) => made.get(name, { reference: true }));
      [repl.#enter, repl.#stray, repl.#take] = await Promise.all(names);
      return repl;
    } catch (error) {
      repl.#drop();
      throw error;
    }
  }

  /** Starts a block or delivers an answer, lets all microtasks run, and gives the evaluator's activation. */
  enter(kind: "start" | "deliver", json: string, timeMs: number): Promise<EntryEnd> {
    this.#timeMs = timeMs;
    const entry = this.#run(kind, json);
    this.#entry = entry;
    return entry;
  }

  /** The piece that was asked for, or `null` when it can't be had. */
  givePiece(piece: string | null): void {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    arrived?.(piece);
  }

  /** Resolves when no thread is in the isolate any more, which need not come to pass. */
  async dispose(): Promise<void> {
    this.#drop();
    this.givePiece(null);
    await this.#entry;
  }

  async #run(kind: "start" | "deliver", json: string): Promise<EntryEnd> {
    this.#running = true;
    const end = await this.#enterOnce(kind, json);
    this.#running = false;
    clearTimeout(this.#reporting);
    this.#reporting = undefined;
    if (end.kind === "broken") this.#port.tellOutput(this.#written.take());
    return end;
  }

  async #enterOnce(kind: "start" | "deliver", json: string): Promise<EntryEnd> {
    const entered = await this.#call(this.#enter, [kind === "deliver", json]);
    if (entered.kind === "broken") return entered;
    if (entered.kind === "stray") {
      const told = await this.#call(this.#stray, [entered.json]);
      if (told.kind === "broken") return told;
    }
    for (let attempt = 0; attempt < ACTIVATION_ATTEMPTS; attempt += 1) {
      const taken = await this.#call(this.#take, []);
      if (taken.kind !== "stray") return taken;
    }
    this.#drop();
    return { kind: "broken", reason: "fault", message: "it gave no activation" };
  }

  /** The process may die with the code that runs: what it wrote is passed on while it runs. */
  #reportSoon(): void {
    if (!this.#running) return;
    this.#reporting ??= setTimeout(() => {
      this.#reporting = undefined;
      this.#port.tellOutput(this.#written.take());
    }, REPORT_MS);
  }

  /** One timed call into the isolate, after which no microtask is left in it. */
  async #call(reference: ivm.Reference | undefined, values: (string | boolean)[]): Promise<CallEnd> {
    this.#enteredAt = performance.now();
    this.#waitedMs = 0;
    try {
      const text: unknown = await reference?.apply(undefined, values, { timeout: this.#timeMs });
      return { kind: "activation", text: typeof text === "string" ? text : "" };
    } catch (error) {
      return this.#whyBroken(error) ?? { kind: "stray", json: JSON.stringify(strayOf(error)) };
    }
  }

  /** The limit that the entry broke, or `undefined` for what code may do. */
  #whyBroken(error: unknown): EntryEnd | undefined {
    const message = error instanceof Error ? error.message : String(error);
    const elapsed = performance.now() - this.#enteredAt;
    const timedOut = this.#expired || (message === TIMED_OUT && elapsed >= this.#timeMs);
    if (!timedOut && !this.#isolate.isDisposed) return undefined;
    this.#drop();
    return { kind: "broken", reason: timedOut ? "time" : "memory", message: message.slice(0, 1000) };
  }

  async #piece(key: unknown, index: unknown): Promise<string | null> {
    const context = this.#contexts.find((candidate) => candidate.key === key);
    if (!context || typeof index !== "number" || this.#isExpired()) return null;
    const cached = this.#port.pieces.get(context.digest, index);
    if (cached !== undefined) return cached;
    const askedAt = performance.now();
    const fetched = Promise.withResolvers<string | null>();
    this.#arrived = fetched.resolve;
    this.#port.fetch({ key: context.key, index });
    const piece = await fetched.promise;
    this.#waitedMs += performance.now() - askedAt;
    if (piece !== null) this.#port.pieces.put(context.digest, index, piece);
    return piece;
  }

  /** isolated-vm's own timer stands still in calls of the host, so a loop of reads would never meet it. */
  #isExpired(): boolean {
    this.#expired ||= performance.now() - this.#enteredAt - this.#waitedMs > this.#timeMs;
    if (this.#expired) this.#drop();
    return this.#expired;
  }

  #drop(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }
}

/** What is left of a reason when it has been copied out of its isolate. */
function strayOf(reason: unknown): { name: string; message: string; stack: string } {
  const cut = (text: unknown) => String(text).slice(0, STRAY_CHARACTERS);
  if (reason instanceof Error)
    return { name: cut(reason.name), message: cut(reason.message), stack: cut(reason.stack) };
  return {
    name: "Error",
    message: `threw ${cut(typeof reason === "string" ? JSON.stringify(reason) : reason)}`,
    stack: "",
  };
}
