// The programs of one runtime's REPLs, each in a sandbox.
//
// Owns: where on Modal sandboxes are made. Does not own: who is in which sandbox, and that every one ends (Housekeeper).
// Invariant: a sandbox in which a REPL was lost, or could not be opened, takes no new ones.
import type { ReplSpec } from "@rlmflow/core/driver";
import { type Channel, Housekeeper, lineChannel, type Stay, unblamed } from "@rlmflow/repl";
import { type ModalPlace, modalPlace } from "./modal-place.ts";
import { ModalProgram } from "./modal-program.ts";
import { ModalSandbox } from "./modal-sandbox.ts";
import type { ModalSettings } from "./modal-settings.ts";

const CLOSE_MS = 30_000;

/** Gives every REPL a channel to a program of its own in a sandbox. */
export class SandboxPool {
  readonly #settings: ModalSettings;
  readonly #sandboxes: Housekeeper<ModalSandbox>;
  #place: Promise<ModalPlace> | null = null;

  constructor(settings: ModalSettings) {
    this.#settings = settings;
    this.#sandboxes = new Housekeeper({
      share: settings.share,
      closeMs: CLOSE_MS,
      make: async (spec) => await ModalSandbox.create(await this.#findPlace(), spec, settings),
      end: (sandbox) => sandbox.end(),
    });
  }

  /** A channel to a fresh REPL's program. Once the signal aborts, whatever was made is ended again. */
  async connect(spec: ReplSpec, signal: AbortSignal): Promise<Channel> {
    await untilAborted(this.#findPlace(), signal);
    const stay = this.#sandboxes.enter(spec);
    try {
      const sandbox = await stay.sandbox;
      signal.throwIfAborted();
      const isShared = (): boolean => stay.isShared;
      const program = await ModalProgram.start({ sandbox, settings: this.#settings, isShared });
      return this.#channel(stay, program);
    } catch (error) {
      const { isShared } = stay;
      stay.retire();
      await stay.leave();
      throw isShared ? unblamed(error) : error;
    }
  }

  /** Settles in bounded time when every sandbox has ended; rejects, naming those that may still run. */
  close(): Promise<void> {
    return this.#sandboxes.close();
  }

  #channel(stay: Stay<ModalSandbox>, program: ModalProgram): Channel {
    return lineChannel({
      input: program.read(() => stay.retire()),
      write: (bytes) => program.write(bytes),
      close: () => this.#closeProgram(stay, program),
    });
  }

  async #closeProgram(stay: Stay<ModalSandbox>, program: ModalProgram): Promise<void> {
    if (!stay.isShared) program.release();
    else if (!(await program.end())) stay.retire();
    await stay.leave();
  }

  /** What failed is tried anew by the next one. */
  #findPlace(): Promise<ModalPlace> {
    if (this.#place === null) {
      const place = modalPlace(this.#settings);
      this.#place = place;
      place.catch(() => {
        this.#place = null;
      });
    }
    return this.#place;
  }
}

/** Settles as the promise does, or rejects when the signal aborts before. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
