// The sandboxes of one runtime.
//
// Owns: which REPL is in which sandbox, and that every sandbox ends. Invariants: (1) a sandbox ends when the
// last REPL in it is closed; (2) one in which a REPL was lost, or could not be opened, takes no new ones; (3)
// `close` waits for sandboxes that are still being made and ends them too; (4) a sandbox that may still run is
// named by `close`.
import { RLMError } from "@rlmflow/core";
import type { ReplSpec } from "@rlmflow/core/driver";
import { type Channel, lineChannel } from "@rlmflow/repl";
import { type ModalPlace, modalPlace } from "./modal-place.ts";
import { ModalProgram } from "./modal-program.ts";
import { ModalSandbox } from "./modal-sandbox.ts";
import type { ModalSettings } from "./modal-settings.ts";
import { within } from "./within.ts";

const CLOSE_MS = 30_000;

/** A sandbox, or one that is being made, with the number of those who use it. */
interface Tenancy {
  /** Whose REPLs may come in; `null` for none but the first. */
  readonly group: string | null;
  readonly sandbox: Promise<ModalSandbox>;
  users: number;
}

/** Gives every REPL a channel to a program of its own in a sandbox. */
export class SandboxPool {
  readonly #settings: ModalSettings;
  readonly #shared = new Map<string, Tenancy>();
  readonly #pending = new Set<Promise<unknown>>();
  readonly #leftovers: RLMError[] = [];
  #place: Promise<ModalPlace> | null = null;

  constructor(settings: ModalSettings) {
    this.#settings = settings;
  }

  /** A channel to a fresh REPL's program. Once the signal aborts, whatever was made is ended again. */
  connect(spec: ReplSpec, signal: AbortSignal): Promise<Channel> {
    return this.#track(this.#connect(spec, signal));
  }

  /** Settles in bounded time when every sandbox has ended; rejects, naming those that may still run. */
  async close(): Promise<void> {
    const end = performance.now() + CLOSE_MS;
    while (this.#pending.size > 0 && performance.now() < end) {
      await within(end - performance.now(), "", Promise.allSettled(this.#pending)).catch(() => {});
    }
    if (this.#leftovers.length === 0) return;
    const message = this.#leftovers.map((error) => error.message).join(" ");
    throw new RLMError("runtime_failed", message, { cause: this.#leftovers[0] });
  }

  async #connect(spec: ReplSpec, signal: AbortSignal): Promise<Channel> {
    const place = await untilAborted(this.#findPlace(), signal);
    const tenancy = this.#enter(place, spec);
    try {
      const sandbox = await tenancy.sandbox;
      signal.throwIfAborted();
      const program = await ModalProgram.start({
        sandbox,
        settings: this.#settings,
        isShared: () => tenancy.users > 1,
      });
      return this.#channel(tenancy, program);
    } catch (error) {
      const isShared = tenancy.users > 1;
      this.#retire(tenancy);
      await this.#leave(tenancy);
      throw isShared ? unblamed(error) : error;
    }
  }

  #channel(tenancy: Tenancy, program: ModalProgram): Channel {
    return lineChannel({
      input: program.read(() => this.#retire(tenancy)),
      write: (bytes) => program.write(bytes),
      close: () => this.#track(this.#closeProgram(tenancy, program)),
    });
  }

  async #closeProgram(tenancy: Tenancy, program: ModalProgram): Promise<void> {
    if (tenancy.users === 1) program.release();
    else if (!(await program.end())) this.#retire(tenancy);
    await this.#leave(tenancy);
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

  #enter(place: ModalPlace, spec: ReplSpec): Tenancy {
    const group = this.#settings.share === "run" && !spec.alone ? spec.group : null;
    const shared = group === null ? undefined : this.#shared.get(group);
    if (shared !== undefined) {
      shared.users += 1;
      return shared;
    }
    const tenancy = { group, sandbox: ModalSandbox.create(place, spec, this.#settings), users: 1 };
    tenancy.sandbox.catch(() => {});
    if (group !== null) this.#shared.set(group, tenancy);
    return tenancy;
  }

  #retire({ group, sandbox }: Tenancy): void {
    if (group !== null && this.#shared.get(group)?.sandbox === sandbox) this.#shared.delete(group);
  }

  async #leave(tenancy: Tenancy): Promise<void> {
    tenancy.users -= 1;
    if (tenancy.users > 0) return;
    this.#retire(tenancy);
    const sandbox = await tenancy.sandbox.catch(() => null);
    await sandbox?.end().catch((error: RLMError) => this.#leftovers.push(error));
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => {},
      () => {},
    );
    this.#pending.add(settled);
    void settled.then(() => this.#pending.delete(settled));
    return work;
  }
}

/** The failure of one among others, who may have caused it: it is worth trying again without them. */
function unblamed(cause: unknown): RLMError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new RLMError("sandbox_lost", message, { cause, details: { blame: "none" } });
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
