// The program of one REPL in a sandbox, and the channel to it.
//
// Owns: its streams. Does not own: the sandbox. Invariants: (1) what it writes to its error stream is read
// all the time, and the end of it is kept; (2) when it is gone and nobody has closed it, whoever reads or
// writes is told why, in bounded time; (3) after `release` nothing of it keeps this process busy.
import { randomUUID } from "node:crypto";
import { RLMError } from "@rlmflow/core";
import { TextTail } from "@rlmflow/repl";
import type { ContainerProcess } from "modal";
import type { ModalSandbox } from "./modal-sandbox.ts";
import type { ModalSettings } from "./modal-settings.ts";
import { programDeath } from "./program-death.ts";
import { within } from "./within.ts";

/** Bytes of one call to Modal. */
const PIECE_BYTES = 1024 * 1024;
const STDERR_BYTES = 4096;
const CODE_MS = 3_000;
const STDERR_MS = 500;
const KILL_MS = 5_000;
/** For a program that was told to end. */
const GRACE_MS = 500;

/** Runs the command after noting, in the file named first, the process that it will be. */
const NOTED = ["sh", "-c", 'echo $$ > "$0" && exec "$@"'];
/** Fails only where no process was noted; it may have ended by itself. */
const KILL = ["sh", "-c", 'process=$(cat "$0") || exit 1; kill -9 "$process" || true'];

/** Where and for whom a program runs. */
export interface ModalProgramOptions {
  /** Holds the program of the settings' language. */
  readonly sandbox: ModalSandbox;
  readonly settings: ModalSettings;
  /** Whether other programs run in the sandbox. */
  readonly isShared: () => boolean;
}

/** A program whose streams carry frames. */
export class ModalProgram {
  readonly #sandbox: ModalSandbox;
  readonly #process: ContainerProcess<Uint8Array>;
  readonly #settings: ModalSettings;
  readonly #isShared: () => boolean;
  readonly #note: string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #errors: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errorsRead: Promise<void>;
  /** When its output has ended: whether it did, or could only not be read any more. */
  readonly #over = Promise.withResolvers<boolean>();
  #cutWrite: (reason: RLMError) => void = () => {};
  readonly #stderr = new TextTail(STDERR_BYTES);
  /** It has said something, which was its greeting if it is what it should be. */
  #greeted = false;
  #released = false;
  #why: Promise<RLMError> | null = null;

  private constructor(options: ModalProgramOptions, process: ContainerProcess<Uint8Array>, note: string) {
    this.#sandbox = options.sandbox;
    this.#settings = options.settings;
    this.#isShared = options.isShared;
    this.#process = process;
    this.#note = note;
    this.#reader = process.stdout.getReader();
    this.#errors = process.stderr.getReader();
    this.#writer = process.stdin.getWriter();
    this.#errorsRead = this.#keepErrors();
  }

  /** Starts the program. Rejects with why it cannot be started. */
  static async start(options: ModalProgramOptions): Promise<ModalProgram> {
    const { sandbox } = options;
    const { language, timeMs, share } = options.settings;
    const command = [...language.server.command, await sandbox.program(), "--time-ms", String(timeMs)];
    const note = sandbox.pathOf(`${randomUUID()}.pid`);
    const process = await sandbox.run(share === "run" ? [...NOTED, note, ...command] : command);
    return new ModalProgram(options, process, note);
  }

  /** What the program writes. Throws `sandbox_lost`, after a call of `onLoss`, when it ends before it is released. */
  async *read(onLoss: () => void): AsyncGenerator<Uint8Array> {
    let failure: unknown;
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#greeted = true;
        yield value;
      }
    } catch (cause) {
      failure = cause;
    }
    this.#over.resolve(failure === undefined);
    if (this.#released) return;
    onLoss();
    throw await this.#end(failure);
  }

  /** Resolves when Modal has taken the bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
        await this.#writePiece(bytes.subarray(start, start + PIECE_BYTES));
      }
    } catch (cause) {
      throw this.#released ? cause : await this.#end(cause);
    }
  }

  /** Lets go of the streams; the program may still run. */
  release(): void {
    this.#letGo();
    for (const reader of [this.#reader, this.#errors]) reader.cancel().catch(() => {});
    // A reason that is an error would hold on to whoever called.
    this.#writer.abort("released").catch(() => {});
  }

  /** Releases the program and sees to it that it ends in a sandbox that goes on. Says whether that worked. */
  async end(): Promise<boolean> {
    this.#letGo();
    const isOver = await within(GRACE_MS, "", this.#over.promise).catch(() => false);
    // A process that is gone is not killed: its number may be another's by now.
    const isEnded = isOver || (await this.#kill());
    this.release();
    return isEnded;
  }

  #letGo(): void {
    this.#released = true;
    this.#cutWrite(new RLMError("closed", "The channel to the sandbox was closed."));
  }

  async #kill(): Promise<boolean> {
    try {
      const process = await this.#sandbox.run([...KILL, this.#note]);
      return (await within(KILL_MS, "", process.wait())) === 0;
    } catch {
      return false;
    }
  }

  /** A call to Modal that is under way cannot be cut, but waiting for it can. */
  #writePiece(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#cutWrite = reject;
      this.#writer.write(bytes).then(resolve, reject);
    });
  }

  #end(failure: unknown): Promise<RLMError> {
    this.#why ??= this.#explain(failure);
    return this.#why;
  }

  async #explain(failure: unknown): Promise<RLMError> {
    const greeted = this.#greeted;
    const fate = await this.#sandbox.fate(greeted);
    if (fate !== null) return fate;
    await within(STDERR_MS, "", this.#errorsRead).catch(() => {});
    // Only where Modal was reached a moment ago: without a connection, the SDK would wait for ever.
    const code = await within(CODE_MS, "its exit code", this.#process.wait()).catch(() => null);
    if (code === null && failure !== undefined) return this.#sandbox.unreached(failure, greeted);
    return programDeath({
      sandbox: this.#sandbox.nameOf(greeted),
      greeted,
      interpreter: this.#settings.language.server.command[0] ?? "",
      code,
      wrote: this.#stderr.text(),
      memoryLimitMiB: this.#settings.memoryLimitMiB,
      shared: this.#isShared(),
    });
  }

  async #keepErrors(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#errors.read();
        if (done) return;
        this.#stderr.push(value);
      }
    } catch {
      // The output stream tells what happened.
    }
  }
}
