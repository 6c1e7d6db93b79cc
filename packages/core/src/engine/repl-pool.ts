import { ranBlocks } from "../data/chain.ts";
import { RLMError } from "../errors.ts";
import type { ReplSession } from "../protocols/runtime.ts";
import type { Journal } from "./journal.ts";
import type { LiveBlock } from "./live-block.ts";
import { replSpec } from "./repl-spec.ts";
import { replayBlock } from "./replay-block.ts";
import type { FlowSettings } from "./settings.ts";

/** An agent's REPL that is alive. */
export interface LiveRepl {
  readonly agentId: string;
  readonly session: ReplSession;
  /** True until the blocks that the log has for the agent were run in it. */
  fresh: boolean;
  /** The block that is suspended in it. */
  block: LiveBlock | null;
}

const IMPATIENT_MS = 250;

/**
 * The REPLs of one branch that are alive.
 *
 * Owns: their sessions, and which of them is in use. Does not own: the runtimes.
 * 1. At most `maxLiveRepls` are alive, those being opened included; one in use is never closed for room.
 * 2. A REPL that is not fresh has run every block of its agent's chain that is not undone, and no other.
 * 3. An opening that takes long closes idle REPLs: the runtime may have fewer places than the limit.
 */
export class ReplPool {
  readonly #journal: Journal;
  readonly #settings: FlowSettings;
  readonly #idle = new Map<string, LiveRepl>();
  readonly #inUse = new Map<string, LiveRepl>();
  #opening = 0;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(journal: Journal, settings: FlowSettings) {
    this.#journal = journal;
    this.#settings = settings;
  }

  /** The agent's REPL, a fresh one when none is alive. Its block, if any, is the suspended one. */
  async acquire(agentId: string, signal: AbortSignal, alone = false): Promise<LiveRepl> {
    const idle = this.#idle.get(agentId);
    if (idle !== undefined) {
      this.#idle.delete(agentId);
      this.#inUse.set(agentId, idle);
      return idle;
    }
    await this.#makeRoom(signal);
    this.#opening += 1;
    try {
      const repl: LiveRepl = { agentId, session: await this.#open(agentId, alone), fresh: true, block: null };
      if (this.#closed || signal.aborted) {
        await repl.session.dispose();
        throw new RLMError("aborted", `The REPL of ${agentId} was closed while it was opened.`);
      }
      this.#inUse.set(agentId, repl);
      return repl;
    } finally {
      this.#opening -= 1;
      this.#wake();
    }
  }

  /** Takes a REPL back: it may now be closed for room. */
  release(repl: LiveRepl): void {
    if (this.#inUse.get(repl.agentId) !== repl) return;
    this.#inUse.delete(repl.agentId);
    this.#idle.set(repl.agentId, repl);
    this.#wake();
  }

  /** Closes the agent's REPL, in use or not. A pending turn of it ends as lost. */
  async drop(agentId: string): Promise<void> {
    const repl = this.#idle.get(agentId) ?? this.#inUse.get(agentId);
    this.#idle.delete(agentId);
    this.#inUse.delete(agentId);
    await repl?.session.dispose();
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#idle.keys(), ...this.#inUse.keys()].map((agentId) => this.drop(agentId)));
    this.#wake();
  }

  async #makeRoom(signal: AbortSignal): Promise<void> {
    while (this.#idle.size + this.#inUse.size + this.#opening >= this.#settings.config.maxLiveRepls) {
      if (this.#evictOldest()) continue;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      if (signal.aborted) throw new RLMError("aborted", "Aborted while waiting for a REPL.");
    }
  }

  /** Closes the REPL that has been idle for longest; false when all are in use. */
  #evictOldest(): boolean {
    const oldest = this.#idle.values().next().value;
    if (oldest === undefined) return false;
    void this.drop(oldest.agentId);
    return true;
  }

  #wake(): void {
    const waiting = this.#waiting.pop();
    waiting?.();
  }

  async #open(agentId: string, alone: boolean): Promise<ReplSession> {
    const spec = await replSpec(this.#journal, agentId, alone);
    const state = this.#journal.graph.chainAt(agentId, 0);
    const runtime = this.#settings.runtimes.get(state?.type === "query" ? state.config.runtime : "");
    if (runtime === undefined)
      throw new RLMError("invalid_options", `Agent ${agentId} needs a runtime that this flow does not have.`);
    const { environment } = this.#settings;
    const opened = new AbortController();
    void this.#evictWhile(opened.signal);
    try {
      const session = await runtime.open(spec);
      return session;
    } catch (error) {
      if (RLMError.is(error)) throw error;
      throw new RLMError(
        "runtime_failed",
        `The runtime ${runtime.name} could not open a REPL for ${agentId} at ${environment.now()}: ${String(error)}`,
        { cause: error },
      );
    } finally {
      opened.abort();
    }
  }

  async #evictWhile(opened: AbortSignal): Promise<void> {
    for (;;) {
      await this.#settings.environment.sleep(IMPATIENT_MS, opened);
      if (opened.aborted || !this.#evictOldest()) return;
    }
  }
}

/** Brings a fresh REPL to where the agent's chain stands, blocks before `upTo` only. Returns the lost block if the sandbox dies. */
export async function replayBefore(
  journal: Journal,
  repl: LiveRepl,
  upTo: string,
): Promise<LiveBlock | null> {
  const chain = journal.graph.chain(repl.agentId);
  for (const action of ranBlocks(chain)) {
    if (action.id === upTo) break;
    const block = await replayBlock(journal, repl.session, action);
    if (block.state.kind === "lost") return block;
  }
  repl.fresh = false;
  return null;
}
