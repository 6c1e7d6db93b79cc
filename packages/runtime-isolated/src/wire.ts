/**
 * What the engine and a sandbox process say to each other, each as the text of a frame. Texts of the
 * evaluator (`start`, `deliver`, `activation`) travel as they are: a sandbox can put into its activation what it likes
 * without saying anything as its process.
 */

/** What the engine says, and the number each kind has on the pipe. */
export const requestKinds = {
  /** Session 0, first of all: {@link Setup}. */
  setup: 1,
  /** A fresh isolate: the evaluator's spec with the digests of its contexts. */
  open: 2,
  /** The evaluator's own start text. */
  start: 3,
  /** The evaluator's own deliver text. */
  deliver: 4,
  /** The same of entries that are on record: they may compute for longer, see {@link Setup}. */
  replayedStart: 7,
  replayedDeliver: 8,
  /** A piece of a context as a JSON string, or `null` when it can't be had. */
  piece: 5,
  /** The isolate is not needed any more. */
  dispose: 6,
  /** Session 0, while there is no isolate in use: what is kept between isolates is to be forgotten. */
  clear: 9,
} as const;

/** What a sandbox process says. */
export const replyKinds = {
  /** Session 0: isolates can be made. */
  ready: 17,
  opened: 18,
  /** The evaluator's own activation text, made in the sandbox: hostile. */
  activation: 19,
  /** The isolate is gone: {@link Broken}. */
  broken: 20,
  /** A {@link PieceRequest}; the isolate stands still until the piece is there. */
  fetch: 21,
  disposed: 22,
  /** What the entry under way has written so far, its beginning and end: shown when it has no activation. Hostile. */
  output: 23,
} as const;

/** The kind of a frame that the engine sends. */
export type RequestKind = keyof typeof requestKinds;
/** The kind of a frame that a sandbox process sends. */
export type ReplyKind = keyof typeof replyKinds;

/** What a sandbox process needs to know once; `evaluator` is the script that every isolate runs. */
export interface Setup {
  readonly evaluator: string;
  /** Megabytes of an isolate's heap. */
  readonly memoryMB: number;
  /** Milliseconds that one entry into an isolate may compute. */
  readonly timeMs: number;
  /** The same of an entry that is on record. */
  readonly replayedTimeMs: number;
}

/** The text of an `open` frame: the evaluator's spec and, by context key, what identifies the text. */
export interface Opening {
  readonly spec: string;
  readonly contexts: readonly {
    readonly key: string;
    readonly digest: string;
    readonly characters: number;
  }[];
}

/** Which piece of which context an isolate waits for. Pieces have {@link PIECE_CHARACTERS}. */
export interface PieceRequest {
  readonly key: string;
  readonly index: number;
}

/** Why an isolate is gone while its process lives on. */
export interface Broken {
  readonly reason: "time" | "memory" | "size" | "fault";
  readonly message: string;
}

/** UTF-16 units of one piece of a context. */
export const PIECE_CHARACTERS: number = 64 * 1024;
