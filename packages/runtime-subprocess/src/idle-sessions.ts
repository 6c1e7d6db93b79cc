// Sessions that end their REPL when nobody uses it.
//
// Owns: one timer per resting session. Does not own: the sessions below. Invariants: (1) a timer runs only while no
// entry is under way; (2) a session whose REPL was ended gives lost activations, nobody to blame, so that its owner
// rebuilds it; (3) once a session is disposed no timer is left.
import type { Activation, ReplSession } from "@rlmflow/core/driver";

/** The session, its REPL ended once it has rested for so many milliseconds. */
export function endingIdle(session: ReplSession, idleMs: number): ReplSession {
  return Number.isFinite(idleMs) ? new IdleSession(session, idleMs) : session;
}

class IdleSession implements ReplSession {
  readonly #session: ReplSession;
  readonly #idleMs: number;
  #timer: NodeJS.Timeout | undefined;
  #disposal: Promise<void> | null = null;
  #isDisposed = false;

  constructor(session: ReplSession, idleMs: number) {
    this.#session = session;
    this.#idleMs = idleMs;
    this.#rest();
  }

  start(block: Parameters<ReplSession["start"]>[0]): Promise<Activation> {
    return this.#enter(() => this.#session.start(block));
  }

  deliver(answer: Parameters<ReplSession["deliver"]>[0]): Promise<Activation> {
    return this.#enter(() => this.#session.deliver(answer));
  }

  dispose(): Promise<void> {
    this.#isDisposed = true;
    return this.#end();
  }

  async #enter(entry: () => Promise<Activation>): Promise<Activation> {
    clearTimeout(this.#timer);
    if (this.#disposal !== null && !this.#isDisposed) return this.#lost();
    try {
      return await entry();
    } finally {
      this.#rest();
    }
  }

  #rest(): void {
    if (this.#disposal !== null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end().catch(() => {}), this.#idleMs).unref();
  }

  #end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#disposal ??= this.#session.dispose();
    return this.#disposal;
  }

  #lost(): Activation {
    const message = `The sandbox is gone: nobody used it for ${this.#idleMs} ms.`;
    return { calls: [], output: "", codeMs: 0, state: { kind: "lost", blame: "none", message } };
  }
}
