import { RLMError } from "@rlmflow/core";

/** Number of the wire protocol; both sides must speak the same. */
export const WIRE_PROTOCOL = 1;

/**
 * What the engine says. `spec`, `block` and `answer` are JSON texts of the evaluator's own, passed through
 * as they are. `entry` counts the entries of a session: a reply names the one it belongs to.
 */
export type RequestFrame =
  | { readonly type: "open"; readonly protocol: number; readonly spec: string }
  | ({ readonly type: "start"; readonly block: string } & EntryFrame)
  | ({ readonly type: "deliver"; readonly answer: string } & EntryFrame)
  /** Answers a `read`; `text` is `null` when the range cannot be had. */
  | { readonly type: "range"; readonly read: number; readonly text: string | null }
  | { readonly type: "dispose" };

/** What is common to entries. With `patience`, a whole number, code may compute so many times longer than it may. */
interface EntryFrame {
  readonly entry: number;
  readonly patience?: number;
}

/** What the sandbox says. `activation` is JSON text that hostile code had a part in: see {@link decodeActivation}. */
export type ReplyFrame =
  /** First of all, once, before `open`: which protocol, on which engine, and for which language, `python` say. */
  | { readonly type: "hello"; readonly protocol: number; readonly engine: string; readonly language?: string }
  | { readonly type: "opened" }
  | { readonly type: "activation"; readonly entry: number; readonly activation: string }
  /**
   * What the entry has written so far, whole or its beginning and end; each takes the place of the one before. It is
   * shown only when the REPL is lost before the entry has its activation, so a program sends it when code writes, not too
   * often, and once more before `failed`.
   */
  | { readonly type: "output"; readonly entry: number; readonly text: string }
  /**
   * Asks for a range of a context while code runs, of 65,536 units at most; the sandbox stands still until the
   * `range` is there.
   */
  | {
      readonly type: "read";
      readonly read: number;
      readonly key: string;
      readonly start: number;
      readonly end: number;
    }
  /**
   * The REPL is gone, though the channel is not. Code may have forged it: of the limits only those pass that a
   * program in a sandbox holds, `timeMs` in ms and `memoryMB` in MB.
   */
  | { readonly type: "failed"; readonly message: string; readonly limit?: FailedLimit };

/** A limit that ended a REPL. */
export interface FailedLimit {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** A frame as text. */
export function encodeFrame(frame: RequestFrame | ReplyFrame): string {
  return JSON.stringify(frame);
}

/** A frame of the sandbox. Throws `protocol_violation` for anything else. */
export function decodeReply(text: string): ReplyFrame {
  const value = parseObject(text);
  switch (value.type) {
    case "hello": {
      const hello = { protocol: numberAt(value, "protocol"), engine: textAt(value, "engine") };
      return value.language === undefined
        ? { type: "hello", ...hello }
        : { type: "hello", ...hello, language: textAt(value, "language") };
    }
    case "opened":
      return { type: "opened" };
    case "activation":
      return { type: "activation", entry: numberAt(value, "entry"), activation: textAt(value, "activation") };
    case "output":
      return { type: "output", entry: numberAt(value, "entry"), text: textAt(value, "text") };
    case "read": {
      const range = { start: numberAt(value, "start"), end: numberAt(value, "end") };
      return { type: "read", read: numberAt(value, "read"), key: textAt(value, "key"), ...range };
    }
    case "failed": {
      const limit = heldInside(readLimit(value.limit));
      const message = sandboxText(textAt(value, "message"));
      return limit === null ? { type: "failed", message } : { type: "failed", message, limit };
    }
    default:
      throw violation("sent a frame of unknown type");
  }
}

/** A frame of the engine. Throws `protocol_violation` for anything else. */
export function decodeRequest(text: string): RequestFrame {
  const value = parseObject(text);
  switch (value.type) {
    case "open":
      return { type: "open", protocol: numberAt(value, "protocol"), spec: textAt(value, "spec") };
    case "start":
      return { type: "start", ...entryOf(value), block: textAt(value, "block") };
    case "deliver":
      return { type: "deliver", ...entryOf(value), answer: textAt(value, "answer") };
    case "range":
      return {
        type: "range",
        read: numberAt(value, "read"),
        text: value.text === null ? null : textAt(value, "text"),
      };
    case "dispose":
      return { type: "dispose" };
    default:
      throw violation("was sent a frame of unknown type");
  }
}

function entryOf(value: Fields): EntryFrame {
  const entry = numberAt(value, "entry");
  return value.patience === undefined ? { entry } : { entry, patience: numberAt(value, "patience") };
}

/** The error for a sandbox that does not keep to the protocol. */
export function violation(what: string): RLMError {
  return new RLMError("protocol_violation", `The sandbox ${what}.`);
}

/** Characters of a wrong frame that the message shows. */
const SHOWN = 200;

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Who reads this started the wrong program, or one that printed why it can't run.
    throw violation(`sent a frame that is not JSON; it begins with ${JSON.stringify(text.slice(0, SHOWN))}`);
  }
  if (!isObject(value)) throw violation("sent a frame that is not an object");
  return value;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberAt(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw violation(`sent a frame without a number "${key}"`);
  }
  return value;
}

function textAt(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw violation(`sent a frame without a text "${key}"`);
  return value;
}

/** A sandbox's own words, cut: hostile code may have written them, and a model reads them. */
export function sandboxText(text: string, most = 2_000): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

const NAME = /^[A-Za-z]\w{0,39}$/;
const UNIT = /^[A-Za-z]{1,20}$/;

/** A limit from data of unknown shape, or `null` when it is none: a word, an amount, and a word for what is counted. */
export function readLimit(limit: unknown): FailedLimit | null {
  if (!isObject(limit)) return null;
  const { name, value, unit } = limit;
  if (typeof name !== "string" || !NAME.test(name)) return null;
  if (typeof unit !== "string" || !UNIT.test(unit)) return null;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return null;
  return { name, value, unit };
}

/** What the programs in sandboxes hold themselves, each with its unit. All else is held from outside. */
const HELD_INSIDE: ReadonlyMap<string, string> = new Map([
  ["timeMs", "ms"],
  ["memoryMB", "MB"],
]);

function heldInside(limit: FailedLimit | null): FailedLimit | null {
  return limit !== null && HELD_INSIDE.get(limit.name) === limit.unit ? limit : null;
}
