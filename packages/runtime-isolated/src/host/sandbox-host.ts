/**
 * The isolates of one sandbox process, by session. Owns: the isolates, the pieces of contexts they share.
 * Does not own: which code runs when (the engine asks for one entry at a time per session).
 *
 * 1. Answers every request that it takes with one reply, and says nothing else but `fetch`.
 * 2. A request it can't make sense of ends the process: the engine's side is the only one that writes here.
 */
import type ivm from "isolated-vm";
import { encodeFrame, type Frame, FrameReader } from "../frame.ts";
import {
  type Broken,
  type Opening,
  type ReplyKind,
  type RequestKind,
  replyKinds,
  requestKinds,
  type Setup,
} from "../wire.ts";
import { EvaluatorScript } from "./evaluator-script.ts";
import { type IsolatePort, IsolateRepl } from "./isolate-repl.ts";
import { PieceCache } from "./piece-cache.ts";

/** What the host needs of its process. */
export interface HostPort {
  write(bytes: Buffer): void;
  end(): never;
  onCatastrophicError(message: string): void;
}

const PIECE_CACHE_BYTES = 8 * 1024 * 1024;

export class SandboxHost {
  readonly #ivm: typeof ivm;
  readonly #port: HostPort;
  readonly #reader = new FrameReader(requestKinds);
  readonly #repls = new Map<number, IsolateRepl>();
  #isolates: IsolatePort | undefined;

  constructor(isolatedVM: typeof ivm, port: HostPort) {
    this.#ivm = isolatedVM;
    this.#port = port;
  }

  /** Bytes from the engine. */
  receive(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.push(bytes)) this.#take(frame).catch(() => this.#port.end());
    } catch {
      this.#port.end();
    }
  }

  async #take(frame: Frame<RequestKind>): Promise<void> {
    const { kind, session, text } = frame;
    switch (kind) {
      case "setup":
        return this.#setUp(JSON.parse(text));
      case "open":
        return this.#open(session, JSON.parse(text));
      case "start":
      case "deliver":
        return this.#enter(kind, session, text);
      case "piece":
        return this.#repls.get(session)?.givePiece(JSON.parse(text));
      case "dispose":
        return this.#dispose(session);
    }
  }

  async #setUp(setup: Setup): Promise<void> {
    const { evaluator: source, memoryMB, timeMs } = setup;
    const { onCatastrophicError } = this.#port;
    const evaluator = new EvaluatorScript(source);
    const pieces = new PieceCache(PIECE_CACHE_BYTES);
    this.#isolates = { ivm: this.#ivm, evaluator, pieces, memoryMB, timeMs, onCatastrophicError };
    // Compiled once before anybody waits for it.
    const isolate = new this.#ivm.Isolate();
    await evaluator.compile(isolate);
    isolate.dispose();
    this.#reply("ready", 0, "");
  }

  async #open(session: number, opening: Opening): Promise<void> {
    if (!this.#isolates) return this.#port.end();
    const repl = new IsolateRepl(this.#isolates, (request) =>
      this.#reply("fetch", session, JSON.stringify(request)),
    );
    this.#repls.set(session, repl);
    try {
      await repl.open(opening);
      this.#reply("opened", session, "");
    } catch (error) {
      this.#break(session, { reason: "fault", message: String(error).slice(0, 1000) });
    }
  }

  async #enter(kind: "start" | "deliver", session: number, json: string): Promise<void> {
    const repl = this.#repls.get(session);
    if (!repl) return;
    const end = await repl.enter(kind, json);
    if (end.kind === "broken") return this.#break(session, { reason: end.reason, message: end.message });
    if (this.#reply("turn", session, end.text)) return;
    this.#break(session, { reason: "size", message: `a turn of ${end.text.length} characters` });
    await repl.dispose();
  }

  async #dispose(session: number): Promise<void> {
    await this.#repls.get(session)?.dispose();
    this.#repls.delete(session);
    this.#reply("disposed", session, "");
  }

  #break(session: number, broken: Broken): void {
    this.#reply("broken", session, JSON.stringify(broken));
  }

  #reply(kind: ReplyKind, session: number, text: string): boolean {
    const bytes = encodeFrame(replyKinds[kind], session, text);
    if (bytes === null) return false;
    this.#port.write(bytes);
    return true;
  }
}
