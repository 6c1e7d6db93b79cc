// The engine's end of a channel to a sandbox with one REPL.
//
// Owns: the channel, the number of the entry under way, the timers. Does not own: what turns mean.
// Invariants: (1) every entry ends: with its turn, with the sandbox lost, or at the wall limit; (2) a reply
// to an entry that is over is dropped; (3) a frame that breaks the protocol closes the channel, and the sandbox is lost; (4) once the
// channel is closed nothing is sent, and no timer is left.
import type { ContextPayload, ReplSpec } from "@rlmflow/core";
import { RLMError } from "@rlmflow/core";
import type { EntryEnd, LostState, SandboxPort } from "./repl-session.ts";
import { settlesWithin } from "./settles-within.ts";
import type { Channel } from "./wire/channel.ts";
import {
  decodeReply,
  encodeFrame,
  type ReplyFrame,
  type RequestFrame,
  readLimit,
  violation,
  WIRE_PROTOCOL,
} from "./wire/frames.ts";

/** Milliseconds that a sandbox may take. */
export interface ChannelTimes {
  /** From `connect` to the REPL being open. */
  readonly openMs: number;
  /** One entry: code that runs until it waits. */
  readonly wallMs: number;
}

interface Pending {
  readonly entry: number;
  readonly resolve: (end: EntryEnd) => void;
  readonly timer: NodeJS.Timeout;
}

/** For the last frame to be on its way. */
const FAREWELL_MS = 500;

/** A {@link SandboxPort} over a channel. Make it with {@link openChannelPort}. */
export class ChannelPort implements SandboxPort {
  readonly #channel: Channel;
  readonly #times: ChannelTimes;
  readonly #contexts: ReadonlyMap<string, ContextPayload>;
  readonly #opening = Promise.withResolvers<void>();
  #entry = 0;
  #pending: Pending | null = null;
  #lost: LostState | null = null;
  #greeted = false;

  constructor(channel: Channel, spec: ReplSpec, times: ChannelTimes) {
    this.#channel = channel;
    this.#times = times;
    this.#contexts = new Map(spec.contexts.map((context) => [context.key, context]));
    this.#opening.promise.catch(() => {});
  }

  /** Sends the spec and resolves when the REPL is open; rejects with `runtime_failed`. */
  async open(spec: string): Promise<void> {
    const timer = setTimeout(() => this.#fail(slow(this.#times.openMs)), this.#times.openMs);
    try {
      void this.#receiveAll();
      this.#send({ type: "open", protocol: WIRE_PROTOCOL, spec });
      await this.#opening.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  enter(kind: "start" | "deliver", json: string): Promise<EntryEnd> {
    if (this.#lost !== null) return Promise.resolve(this.#lost);
    const { promise, resolve } = Promise.withResolvers<EntryEnd>();
    this.#entry += 1;
    const entry = this.#entry;
    const timer = setTimeout(() => this.#outOfTime(), this.#times.wallMs);
    this.#pending = { entry, resolve, timer };
    this.#send(kind === "start" ? { type: kind, entry, block: json } : { type: kind, entry, answer: json });
    return promise;
  }

  async dispose(): Promise<void> {
    this.#lose({ kind: "lost", blame: "none", message: "The REPL was disposed." });
    await this.#sayFarewell();
    await this.#channel.close();
  }

  /** A sandbox that reads no more never takes it, and must not keep its REPL from being closed. */
  async #sayFarewell(): Promise<void> {
    const sent = this.#channel.send(encodeFrame({ type: "dispose" })).catch(() => {});
    await settlesWithin(FAREWELL_MS, sent);
  }

  async #receiveAll(): Promise<void> {
    try {
      for await (const text of this.#channel.receive()) {
        if (this.#lost !== null) return;
        this.#take(decodeReply(text));
      }
      this.#fail(new RLMError("sandbox_lost", "The sandbox ended."));
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(frame: ReplyFrame): void {
    switch (frame.type) {
      case "hello":
        if (frame.protocol !== WIRE_PROTOCOL) {
          throw violation(`speaks protocol ${frame.protocol} instead of ${WIRE_PROTOCOL}`);
        }
        this.#greeted = true;
        break;
      case "opened":
        if (!this.#greeted) throw violation("did not say hello");
        this.#opening.resolve();
        break;
      case "turn":
        if (frame.entry === this.#pending?.entry) this.#settle({ kind: "answered", text: frame.turn });
        break;
      case "read":
        this.#giveRange(frame);
        break;
      case "failed":
        this.#fail(new RLMError("sandbox_lost", frame.message, { details: { limit: frame.limit } }));
    }
  }

  /** Text is given only while code runs, and only from the REPL's own contexts. */
  #giveRange(frame: ReplyFrame & { readonly type: "read" }): void {
    const context = this.#contexts.get(frame.key);
    const allowed = context !== undefined && frame.start <= frame.end && frame.end <= context.characters;
    if (this.#pending === null) throw violation("read a context while nothing ran");
    if (!allowed) throw violation("read a context that it was not given");
    this.#send({ type: "range", read: frame.read, text: readRange(context, frame.start, frame.end) });
  }

  #send(frame: RequestFrame): void {
    this.#channel.send(encodeFrame(frame)).catch((error: unknown) => this.#fail(error));
  }

  #outOfTime(): void {
    const limit = { name: "wallMs", value: this.#times.wallMs, unit: "ms" };
    const message = `The block ran for more than ${limit.value} ms without waiting.`;
    this.#lose({ kind: "lost", blame: "block", message, limit });
    this.#close();
  }

  /** The sandbox is gone or not to be trusted any more. */
  #fail(error: unknown): void {
    if (this.#lost !== null) return;
    this.#opening.reject(
      new RLMError("runtime_failed", `No REPL could be opened: ${messageOf(error)}`, { cause: error }),
    );
    this.#lose(lostBy(error, this.#pending !== null));
    this.#close();
  }

  #lose(state: LostState): void {
    this.#lost ??= state;
    this.#opening.reject(new RLMError("closed", "The REPL was disposed while it was opened."));
    this.#settle(this.#lost);
  }

  #settle(end: EntryEnd): void {
    const pending = this.#pending;
    if (pending === null) return;
    clearTimeout(pending.timer);
    this.#pending = null;
    pending.resolve(end);
  }

  #close(): void {
    this.#channel.close().catch(() => {});
  }
}

/**
 * A sandbox that dies or breaks the protocol while code runs did so for that code, unless its channel knows better:
 * code may have got hold of the other end.
 */
function lostBy(error: unknown, isRunning: boolean): LostState {
  const message = `The sandbox is gone: ${messageOf(error)}`;
  const isExcused = RLMError.is(error, "sandbox_lost") && error.details.blame === "none";
  const blame = isRunning && !isExcused ? "block" : "none";
  const limit = RLMError.is(error, "sandbox_lost") ? readLimit(error.details.limit) : null;
  return limit === null ? { kind: "lost", blame, message } : { kind: "lost", blame, message, limit };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function slow(ms: number): RLMError {
  return new RLMError("runtime_failed", `it did not answer within ${ms} ms`);
}

function readRange(context: ContextPayload, start: number, end: number): string | null {
  try {
    return context.read(start, end);
  } catch {
    return null;
  }
}
