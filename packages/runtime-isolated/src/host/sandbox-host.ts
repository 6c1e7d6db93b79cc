/**
 * The isolates of one sandbox process, by session. Owns: the isolates, the pieces of contexts they share.
 * Does not own: which code runs when (the engine asks for one entry at a time per session).
 *
 * 1. Each request is answered with one reply; the host sends nothing else but `fetch` and `output`.
 * 2. A request that cannot be understood ends the process, because only the engine writes to this pipe.
 */
import type ivm from "isolated-vm";
import { encodeFrame, type Frame, FrameReader } from "../frame.ts";
import {
  type Broken,
  type Opening,
  type PieceRequest,
  type ReplyKind,
  type RequestKind,
  replyKinds,
  requestKinds,
  type Setup,
} from "../wire.ts";
import { EvaluatorScript } from "./evaluator-script.ts";
import { IsolateMaker } from "./isolate-maker.ts";
import { IsolateRepl } from "./isolate-repl.ts";
import { PieceCache } from "./piece-cache.ts";

/** What the host needs of its process. */
export interface HostPort {
  write(bytes: Buffer): void;
  end(): never;
  onCatastrophicError(message: string): void;
}

const PIECE_CACHE_BYTES = 2 * 1024 * 1024;

export class SandboxHost {
  readonly #ivm: typeof ivm;
  readonly #port: HostPort;
  readonly #reader = new FrameReader(requestKinds);
  readonly #pieces = new PieceCache(PIECE_CACHE_BYTES);
  /** `null` for one that could not be opened. */
  readonly #repls = new Map<number, Promise<IsolateRepl | null>>();
  #maker: IsolateMaker | undefined;
  #timeMs = 0;
  #replayedTimeMs = 0;

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
        return this.#enter(kind, session, text, this.#timeMs);
      case "replayedStart":
        return this.#enter("start", session, text, this.#replayedTimeMs);
      case "replayedDeliver":
        return this.#enter("deliver", session, text, this.#replayedTimeMs);
      case "piece":
        return (await this.#repls.get(session))?.givePiece(JSON.parse(text));
      case "dispose":
        return this.#dispose(session);
      case "clear":
        return this.#pieces.clear();
    }
  }

  async #setUp({ evaluator: source, memoryMB, timeMs, replayedTimeMs }: Setup): Promise<void> {
    const { onCatastrophicError } = this.#port;
    const evaluator = new EvaluatorScript(source);
    this.#timeMs = timeMs;
    this.#replayedTimeMs = replayedTimeMs;
    this.#maker = new IsolateMaker({ ivm: this.#ivm, evaluator, memoryMB, timeMs, onCatastrophicError });
    // Made only to have the evaluator compiled; the next one, from cached code, is for whoever comes first.
    const first = await this.#maker.take();
    first.isolate.dispose();
    this.#maker.prepare();
    this.#reply("ready", 0, "");
  }

  async #open(session: number, opening: Opening): Promise<void> {
    const repl = this.#make(session, opening);
    this.#repls.set(session, repl);
    if (await repl) this.#reply("opened", session, "");
    this.#maker?.prepare();
  }

  async #make(session: number, opening: Opening): Promise<IsolateRepl | null> {
    if (!this.#maker) return this.#port.end();
    const fetch = (request: PieceRequest) => {
      this.#reply("fetch", session, JSON.stringify(request));
    };
    const tellOutput = (text: string) => {
      this.#reply("output", session, text);
    };
    const port = { ivm: this.#ivm, pieces: this.#pieces, timeMs: this.#timeMs, fetch, tellOutput };
    try {
      return await IsolateRepl.open(port, await this.#maker.take(), opening);
    } catch (error) {
      this.#break(session, { reason: "fault", message: String(error).slice(0, 1000) });
      return null;
    }
  }

  async #enter(kind: "start" | "deliver", session: number, json: string, timeMs: number): Promise<void> {
    const repl = await this.#repls.get(session);
    if (!repl) return;
    const end = await repl.enter(kind, json, timeMs);
    if (end.kind === "broken") return this.#break(session, { reason: end.reason, message: end.message });
    if (this.#reply("activation", session, end.text)) return;
    this.#break(session, { reason: "size", message: `an activation of ${end.text.length} characters` });
    await repl.dispose();
  }

  async #dispose(session: number): Promise<void> {
    await (await this.#repls.get(session))?.dispose();
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
