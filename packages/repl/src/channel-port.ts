// The engine's end of a channel to a sandbox with one REPL.
//
// Owns: the channel, the number of the entry under way, the timers. Does not own: what activations mean.
// 1. There is one entry at a time (repl-session.ts, invariant 1), and each ends: with its activation, with the sandbox
//    lost, or at the wall limit.
// 2. A reply to an entry that is over is dropped; after MOST_LATE of them the sandbox is lost.
// 3. A frame that breaks the protocol closes the channel, and the sandbox is lost.
// 4. After the channel is closed nothing is sent, and no timer is left.
// 5. At most one range is on its way: until the sandbox takes it, the next range is not read, and no frame after its
//    request is taken.
import { setImmediate } from "node:timers/promises";
import { RLMError } from "@rlmflow/core";
import type { ContextPayload, ReplSpec } from "@rlmflow/core/driver";
import { sentences } from "@rlmflow/core/driver";
import { brokenInvariant } from "@rlmflow/core/store";
import { type EntryEnd, type LostState, lostState, type SandboxPort } from "./repl-session.ts";
import { settlesWithin } from "./settles-within.ts";
import { isUnblamed } from "./unblamed.ts";
import type { Channel } from "./wire/channel.ts";
import { PIECE } from "./wire/evaluator-spec.ts";
import {
  decodeReply,
  encodeFrame,
  type ReplyFrame,
  type RequestFrame,
  sandboxText,
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
  /** What it has written so far. */
  output: string;
}

/** Replies to entries that are over; a session's own REPL never sends any. */
const MOST_LATE = 1_000;

/** For the last frame to be on its way. */
const FAREWELL_MS = 500;

/** A timer that is set to more goes off at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** A {@link SandboxPort} over a channel; {@link open} it before the first entry. */
export class ChannelPort implements SandboxPort {
  readonly #channel: Channel;
  readonly #times: ChannelTimes;
  readonly #contexts: ReadonlyMap<string, ContextPayload>;
  readonly #language: string;
  readonly #opening = Promise.withResolvers<void>();
  #entry = 0;
  #pending: Pending | null = null;
  #lost: LostState | null = null;
  #stage: "silent" | "greeted" | "open" = "silent";
  #late = 0;
  /** Settles, whatever comes, when the range given last is on its way. */
  #rangeSent: Promise<void> = Promise.resolve();

  constructor(channel: Channel, spec: ReplSpec, times: ChannelTimes, language: string) {
    this.#channel = channel;
    this.#times = times;
    this.#language = language;
    this.#contexts = new Map(spec.contexts.map((context) => [context.key, context]));
    this.#opening.promise.catch(() => {});
  }

  /** Sends the spec and resolves when the REPL is open; rejects with `runtime_failed`. */
  async open(spec: string): Promise<void> {
    const timer = setTimeout(() => this.#fail(slow(this.#times.openMs)), this.#times.openMs);
    try {
      void this.#receiveAll();
      void this.#send({ type: "open", protocol: WIRE_PROTOCOL, spec });
      await this.#opening.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  enter(kind: "start" | "deliver", json: string, patience: number): Promise<EntryEnd> {
    if (this.#lost !== null) return Promise.resolve(this.#lost);
    if (this.#pending !== null) throw brokenInvariant("a sandbox has one entry at a time");
    const { promise, resolve } = Promise.withResolvers<EntryEnd>();
    this.#entry += 1;
    const entry = this.#entry;
    const wallMs = Math.min(this.#times.wallMs * patience, LONGEST_TIMER_MS);
    const timer = setTimeout(() => this.#outOfTime(wallMs), wallMs);
    this.#pending = { entry, resolve, timer, output: "" };
    const text = kind === "start" ? { type: kind, block: json } : { type: kind, answer: json };
    void this.#send({ ...text, entry, ...(patience > 1 && { patience }) });
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
        await this.#take(decodeReply(text));
      }
      this.#fail(new RLMError("sandbox_lost", "The sandbox ended."));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #take(frame: ReplyFrame): Promise<void> {
    switch (frame.type) {
      case "hello":
        this.#greet(frame);
        break;
      case "opened":
        if (this.#stage === "silent") throw violation("did not say hello");
        if (this.#stage === "open") throw violation("opened its REPL twice");
        this.#stage = "open";
        this.#opening.resolve();
        break;
      case "activation":
        this.#takeActivation(frame);
        break;
      case "output":
        // Lets timers be looked at, however fast they come.
        await setImmediate();
        if (frame.entry === this.#pending?.entry) this.#pending.output = frame.text;
        else this.#countLate(frame.entry);
        break;
      case "read":
        await this.#giveRange(frame);
        break;
      case "failed":
        this.#fail(new RLMError("sandbox_lost", frame.message, { details: { limit: frame.limit } }));
    }
  }

  #greet({ protocol, language }: ReplyFrame & { readonly type: "hello" }): void {
    if (this.#stage !== "silent") throw violation("said hello twice");
    if (protocol !== WIRE_PROTOCOL)
      throw violation(`speaks protocol ${protocol} instead of ${WIRE_PROTOCOL}`);
    if (language !== undefined && language !== this.#language) throw otherLanguage(language, this.#language);
    this.#stage = "greeted";
  }

  #takeActivation({ entry, activation }: ReplyFrame & { readonly type: "activation" }): void {
    if (entry === this.#pending?.entry) {
      this.#settle({ kind: "answered", text: activation });
      return;
    }
    this.#countLate(entry);
  }

  #countLate(entry: number): void {
    if (entry < 1 || entry > this.#entry) throw violation(`answered entry ${entry}, which was never made`);
    this.#late += 1;
    if (this.#late > MOST_LATE) throw violation("answers entries that are over, again and again");
  }

  /** Text is given only while code runs, and only from the REPL's own contexts. */
  async #giveRange(frame: ReplyFrame & { readonly type: "read" }): Promise<void> {
    // Who asks on before it has taken an answer waits, and lets timers be looked at.
    await this.#rangeSent;
    await setImmediate();
    if (this.#lost !== null) return;
    const context = this.#contexts.get(frame.key);
    const allowed = context !== undefined && frame.start <= frame.end && frame.end <= context.characters;
    if (this.#pending === null) throw violation("read a context while nothing ran");
    if (!allowed) throw violation("read a context that it was not given");
    if (frame.end - frame.start > PIECE) throw violation(`read more than ${PIECE} characters at once`);
    const text = readRange(context, frame.start, frame.end);
    // Not waited for here: a sandbox that dies meanwhile says why in the next frame.
    this.#rangeSent = this.#send({ type: "range", read: frame.read, text });
  }

  async #send(frame: RequestFrame): Promise<void> {
    try {
      await this.#channel.send(encodeFrame(frame));
    } catch (error) {
      this.#fail(error);
    }
  }

  #outOfTime(wallMs: number): void {
    const limit = { name: "wallMs", value: wallMs, unit: "ms" };
    const message = `The block ran for more than ${limit.value} ms without waiting.`;
    this.#lose({ kind: "lost", blame: "block", message, limit });
    this.#close();
  }

  /** The sandbox is gone or not to be trusted any more. */
  #fail(error: unknown): void {
    if (this.#lost !== null) return;
    this.#opening.reject(notOpened(error));
    this.#lose(lostBy(error, this.#pending !== null));
    this.#close();
  }

  #lose(state: LostState): void {
    this.#lost ??= state;
    this.#opening.reject(new RLMError("closed", "The REPL was disposed while it was opened."));
    const output = this.#pending?.output ?? "";
    this.#settle(output === "" ? this.#lost : { ...this.#lost, output });
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
  return lostState(isRunning && !isUnblamed(error) ? "block" : "none", error);
}

/** Only here the advice: once a REPL is open, who breaks the protocol is most often the code in it. */
function notOpened(error: unknown): RLMError {
  const why = error instanceof Error ? error.message : String(error);
  const advice = RLMError.is(error, "protocol_violation")
    ? "Do both sides run the same version of rlmflow?"
    : "";
  return new RLMError("runtime_failed", sentences(`No REPL could be opened: ${why}`, advice), {
    cause: error,
  });
}

function otherLanguage(served: string, wanted: string): RLMError {
  const other = JSON.stringify(sandboxText(served, 40));
  return new RLMError(
    "runtime_failed",
    `the program in the sandbox serves ${other}, and the runtime's language is "${wanted}". Start the program of that language, or give the runtime the other language.`,
  );
}

function slow(ms: number): RLMError {
  return new RLMError("runtime_failed", `it did not answer within ${ms} ms, the limit set by times.openMs`);
}

function readRange(context: ContextPayload, start: number, end: number): string | null {
  try {
    return context.read(start, end);
  } catch {
    return null;
  }
}
