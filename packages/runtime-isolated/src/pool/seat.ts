/**
 * One REPL in a sandbox process, seen from the engine. Owns: the pending request and its clock, and the contexts that
 * the isolate may fetch. Does not own: the process.
 *
 * 1. A seat has at most one request at a time (repl-session.ts, brokenInvariant 1). A reply that answers no request is a
 *    violation by the process.
 * 2. No promise that a seat gives out rejects, and none stays pending after the seat is lost or given up.
 * 3. A seat that is lost stays lost: every later entry resolves to the same state.
 */
import type { ContextPayload } from "@rlmflow/core/driver";
import { brokenInvariant } from "@rlmflow/core/store";
import type { EntryEnd, LostState, SandboxPort } from "@rlmflow/repl";
import type { Frame } from "../frame.ts";
import type { IsolatedRuntimeLimits } from "../options.ts";
import { type Opening, PIECE_CHARACTERS, type ReplyKind, type RequestKind } from "../wire.ts";
import { brokenState, type Occupant } from "./blame.ts";
import { readBroken, readPieceRequest } from "./replies.ts";

/** What a seat needs of its process. */
export interface SeatPort {
  readonly limits: Required<IsolatedRuntimeLimits>;
  /** False when the text is too long for a frame; nothing was sent then. */
  send(kind: RequestKind, session: number, text: string): boolean;
  /** Code is about to run in the isolate. */
  entered(): void;
  /** The isolate broke a limit or a rule. */
  broken(): void;
  /** While held, the process keeps the engine's event loop alive. */
  hold(): void;
  release(): void;
  /** The isolate has not answered for `wallMs`. */
  hung(): void;
  /** The isolate does not open or can't be got rid of. */
  stuck(): void;
  /** Nothing of the isolate is left. */
  left(session: number): void;
}

interface Pending {
  readonly kind: "opening" | "entry";
  readonly since: number;
  readonly limitMs: number;
  readonly patience: number;
  readonly settle: (end: EntryEnd) => void;
  /** What it has written so far. */
  output: string;
}

/** Milliseconds that opening an isolate may take when its process is up. */
const OPEN_MS = 20_000;
/** Milliseconds that an isolate may take to let go of its thread. */
const DISPOSE_MS = 2000;
/** Milliseconds for an answer to be seen that came while the engine was too busy to look. */
const GRACE_MS = 100;

const REPLAYED = { start: "replayedStart", deliver: "replayedDeliver" } as const;

const GIVEN_UP: LostState = { kind: "lost", blame: "none", message: "The REPL was disposed." };

/** A place for one REPL; see the head of this file. */
export class Seat implements SandboxPort {
  readonly session: number;
  readonly #port: SeatPort;
  #contexts = new Map<string, ContextPayload>();
  #pending: Pending | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lost: LostState | undefined;
  #begun = false;
  /** It was given up while its code ran, which may go on until the isolate is gone. */
  #abandoned = false;
  /** Nothing of the isolate is left: it was disposed, or its process is gone. */
  #gone = false;
  #disposal: PromiseWithResolvers<void> | undefined;

  constructor(session: number, port: SeatPort) {
    this.session = session;
    this.#port = port;
  }

  /** What blame asks about this seat. */
  get occupant(): Occupant {
    const executing = this.#abandoned || this.#pending?.kind === "entry";
    return { session: this.session, begun: this.#begun, executing };
  }

  /** True while the isolate is being disposed. */
  get leaving(): boolean {
    return this.#disposal !== undefined;
  }

  /** True while an entry is under way that has taken longer than it may. */
  get isOverdue(): boolean {
    const pending = this.#pending;
    return pending?.kind === "entry" && performance.now() - pending.since >= pending.limitMs;
  }

  /** Opens the isolate with the evaluator's spec. The text of an answer is empty. */
  open(spec: string, contexts: readonly ContextPayload[]): Promise<EntryEnd> {
    this.#contexts = new Map(contexts.map((context) => [context.key, context]));
    const listed = contexts.map(({ key, digest, characters }) => ({ key, digest, characters }));
    const opening: Opening = { spec, contexts: listed };
    const pending = { kind: "opening", limitMs: OPEN_MS, patience: 1 } as const;
    return this.#request(pending, "open", JSON.stringify(opening));
  }

  /** Starts a block or delivers an answer. The text of an answer is the evaluator's activation. */
  enter(kind: "start" | "deliver", json: string, patience = 1): Promise<EntryEnd> {
    this.#begun = true;
    this.#port.entered();
    const pending = { kind: "entry", limitMs: this.#port.limits.wallMs * patience, patience } as const;
    return this.#request(pending, patience > 1 ? REPLAYED[kind] : kind, json);
  }

  /** Resolves when the isolate is gone, in bounded time. */
  dispose(): Promise<void> {
    if (this.#disposal) return this.#disposal.promise;
    this.#disposal = Promise.withResolvers<void>();
    this.#abandoned = this.#pending?.kind === "entry";
    this.#lose(GIVEN_UP);
    if (this.#gone) {
      this.#disposal.resolve();
    } else {
      this.#port.hold();
      this.#timer = setTimeout(() => this.#port.stuck(), DISPOSE_MS);
      this.#port.send("dispose", this.session, "");
    }
    return this.#disposal.promise;
  }

  /** A reply of the process about this session: `null`, or what is wrong with it. */
  receive({ kind, text }: Frame<ReplyKind>): string | null {
    // What was under way when the seat was given up may still end, unheard.
    if (this.#disposal) return kind === "disposed" ? this.#leave(this.#disposal) : null;
    const pending = this.#pending?.kind;
    if (pending === undefined) return `"${kind}" that answers nothing`;
    if (kind === "output") return this.#keepOutput(text);
    if (kind === "fetch") return this.#givePiece(text);
    if (kind === "broken") return this.#break(text);
    if (kind !== (pending === "entry" ? "activation" : "opened"))
      return `"${kind}" that answers something else`;
    this.#settle({ kind: "answered", text });
    return null;
  }

  /** The process is gone, and the isolate with it. */
  processGone(state: LostState): void {
    this.#lose(state);
    if (this.#gone) return;
    this.#gone = true;
    if (this.#disposal) this.#endDisposal(this.#disposal);
  }

  #keepOutput(text: string): null {
    if (this.#pending !== undefined) this.#pending.output = text;
    return null;
  }

  #request(
    pending: Omit<Pending, "since" | "settle" | "output">,
    kind: RequestKind,
    text: string,
  ): Promise<EntryEnd> {
    if (this.#lost) return Promise.resolve(this.#lost);
    if (this.#pending !== undefined) throw brokenInvariant("a seat has one request at a time");
    const { promise, resolve: settle } = Promise.withResolvers<EntryEnd>();
    this.#pending = { ...pending, since: performance.now(), settle, output: "" };
    this.#port.hold();
    this.#timer = setTimeout(() => this.#outOfTime(), pending.limitMs);
    if (!this.#port.send(kind, this.session, text)) this.#lose(tooLarge(kind));
    return promise;
  }

  #outOfTime(): void {
    const tell = this.#pending?.kind === "entry" ? this.#port.hung : this.#port.stuck;
    this.#timer = setTimeout(tell, GRACE_MS);
  }

  #givePiece(text: string): string | null {
    const request = readPieceRequest(text);
    const context = request && this.#contexts.get(request.key);
    if (!request || !context) return "a fetch of no context";
    const start = request.index * PIECE_CHARACTERS;
    const end = Math.min(start + PIECE_CHARACTERS, context.characters);
    this.#port.send(
      "piece",
      this.session,
      JSON.stringify(start < end ? readRange(context, start, end) : null),
    );
    return null;
  }

  #break(text: string): string | null {
    const broken = readBroken(text);
    if (!broken) return "a limit that does not exist";
    const { timeMs, ...limits } = this.#port.limits;
    const patience = this.#pending?.patience ?? 1;
    this.#port.broken();
    this.#lose(brokenState(broken, { ...limits, timeMs: timeMs * patience }));
    return null;
  }

  #lose(state: LostState): void {
    this.#lost ??= state;
    const output = this.#pending?.output ?? "";
    this.#settle(output === "" ? this.#lost : { ...this.#lost, output });
  }

  #settle(end: EntryEnd): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    clearTimeout(this.#timer);
    this.#port.release();
    pending.settle(end);
  }

  #leave(disposal: PromiseWithResolvers<void>): null {
    if (this.#gone) return null;
    this.#gone = true;
    this.#port.left(this.session);
    this.#endDisposal(disposal);
    return null;
  }

  #endDisposal(disposal: PromiseWithResolvers<void>): void {
    clearTimeout(this.#timer);
    this.#port.release();
    disposal.resolve();
  }
}

function tooLarge(kind: RequestKind): LostState {
  const message = `What the REPL was to be given is larger than a frame may be (${kind}).`;
  return { kind: "lost", blame: "block", message };
}

/** A payload that can't be read is an error in the sandboxed code, not the end of the engine. */
function readRange(context: ContextPayload, start: number, end: number): string | null {
  try {
    return context.read(start, end);
  } catch {
    return null;
  }
}
