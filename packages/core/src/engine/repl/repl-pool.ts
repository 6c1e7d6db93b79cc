import { ranBlocks } from "../../data/graph/agent-state.ts";
import { RLMError } from "../../errors.ts";
import { brokenInvariant } from "../../invariant.ts";
import type { ReplSession, Runtime } from "../../protocols/runtime.ts";
import { untilAborted } from "../environment/until-aborted.ts";
import { Party } from "../resources/repl-permits.ts";
import type { Release } from "../resources/semaphore.ts";
import type { FlowSettings } from "../resources/settings.ts";
import type { Journal } from "../store/journal.ts";
import type { LiveBlock } from "./live-block.ts";
import type { LiveRepl } from "./live-repl.ts";
import { replSpec } from "./repl-spec.ts";
import { replayEnded } from "./replay-block.ts";
import { replayDifferences } from "./replay-differences.ts";

/** What a pool needs of the flow. */
export type PoolSettings = Pick<FlowSettings, "arrival" | "environment" | "permits" | "proofs" | "runtimes">;

const IMPATIENT_MS = 250;

/**
 * The REPLs of one branch that are alive.
 *
 * Owns: their sessions, and which of them is in use. Does not own: the runtimes, the number of permits.
 * 1. An agent has at most one REPL in use. It has a permit from before it is opened until it is closed.
 * 2. While the run moves, only a REPL whose agent waits for children is closed for room, and only for another agent of
 *    the run. While the run rests, any of its REPLs may be closed for any run.
 * 3. A REPL that is not fresh has run every block of its agent's chain that is not undone, and no other.
 * 4. If an opening takes long because the runtime is full, such REPLs are closed too: the runtime may have fewer places
 *    than the flow.
 */
export class ReplPool {
  readonly #journal: Journal;
  readonly #settings: PoolSettings;
  readonly #idle = new Map<string, LiveRepl>();
  readonly #inUse = new Map<string, LiveRepl>();
  /** REPLs that are being opened before they are needed. */
  readonly #prepared = new Map<string, Promise<void>>();
  readonly #party: Party;
  #atRest = false;
  #closed = false;

  constructor(journal: Journal, settings: PoolSettings) {
    this.#journal = journal;
    this.#settings = settings;
    this.#party = new Party(settings.arrival);
  }

  /**
   * The agent's REPL, a fresh one when none is alive. Its block, if any, is the suspended one. Rejects with
   * `aborted` at once when the signal aborts; a REPL that opens later is closed.
   */
  async acquire(agentId: string, signal: AbortSignal, alone = false): Promise<LiveRepl> {
    const prepared = this.#prepared.get(agentId);
    if (prepared !== undefined) await untilAborted(prepared, signal, `the REPL of ${agentId} was opened`);
    const idle = this.#idle.get(agentId);
    if (idle !== undefined) {
      this.#idle.delete(agentId);
      this.#settings.permits.leave(this.#party, idle);
      return this.#used(idle);
    }
    return await this.#openIn(
      await this.#settings.permits.enter(this.#party, signal),
      agentId,
      signal,
      alone,
    );
  }

  /**
   * Begins to open the agent's REPL if it has none and a permit is free. A failure here is not reported: it happens
   * again when the REPL is acquired.
   */
  prepare(agentId: string, signal: AbortSignal): void {
    if (this.#closed || this.#isKnown(agentId)) return;
    const leave = this.#settings.permits.tryEnter();
    if (leave === null) return;
    const prepared = this.#openIn(leave, agentId, signal, false)
      .then((repl) => this.release(repl))
      .catch(() => {})
      .finally(() => this.#prepared.delete(agentId));
    this.#prepared.set(agentId, prepared);
  }

  #isKnown(agentId: string): boolean {
    return this.#idle.has(agentId) || this.#inUse.has(agentId) || this.#prepared.has(agentId);
  }

  async #openIn(leave: Release, agentId: string, signal: AbortSignal, alone: boolean): Promise<LiveRepl> {
    const opening = this.#open(agentId, alone);
    try {
      const session = await untilAborted(opening, signal, `the REPL of ${agentId} was opened`);
      if (this.#closed)
        throw new RLMError("aborted", `The REPL of ${agentId} was closed while it was opened.`);
      return this.#use(agentId, session, leave);
    } catch (error) {
      void opening.then(dispose, () => {}).then(leave);
      throw error;
    }
  }

  /**
   * Opens the agent's REPL when its runtime has opened none yet: who has no engine or no image is told so before
   * a request is paid for. Rejects like {@link acquire}.
   */
  async prove(agentId: string, signal: AbortSignal): Promise<void> {
    await this.#settings.proofs.prove(this.#runtimeOf(agentId), signal, async () =>
      this.release(await this.acquire(agentId, signal)),
    );
  }

  /** Takes a REPL back: it may now be closed for room. */
  release(repl: LiveRepl): void {
    if (this.#inUse.get(repl.agentId) !== repl) return;
    this.#inUse.delete(repl.agentId);
    this.#idle.set(repl.agentId, repl);
    this.#offer(repl);
  }

  /** The run does not move for now: every one of its REPLs may be closed for room. */
  rest(): void {
    this.#atRest = true;
    for (const repl of this.#idle.values()) this.#offer(repl);
  }

  /** The run is about to move: idle REPLs stay, except those whose agents wait for children. */
  wake(): void {
    if (!this.#atRest) return;
    this.#atRest = false;
    for (const repl of this.#idle.values()) {
      this.#settings.permits.leave(this.#party, repl);
      this.#offer(repl);
    }
  }

  #offer(repl: LiveRepl): void {
    const { permits } = this.#settings;
    if (this.#atRest) permits.rest(repl, this.#journal.graph.finished);
    else if (repl.block !== null) permits.suspend(this.#party, repl);
  }

  /** Closes the agent's REPL, in use or not. A pending activation of it ends as lost. */
  async drop(agentId: string): Promise<void> {
    await this.#prepared.get(agentId);
    const repl = this.#idle.get(agentId) ?? this.#inUse.get(agentId);
    (await repl?.evict())?.();
  }

  /** Closes every REPL; those that are being opened are closed when they are open. */
  async close(): Promise<void> {
    this.#closed = true;
    const repls = [...this.#idle.values(), ...this.#inUse.values()];
    await Promise.all(repls.map(async (repl) => (await repl.evict())()));
  }

  #use(agentId: string, session: ReplSession, leave: Release): LiveRepl {
    const evict = async () => {
      for (const repls of [this.#idle, this.#inUse]) if (repls.get(agentId) === repl) repls.delete(agentId);
      this.#settings.permits.leave(this.#party, repl);
      await dispose(session);
      return leave;
    };
    const repl: LiveRepl = { agentId, session, fresh: true, block: null, evict };
    return this.#used(repl);
  }

  #used(repl: LiveRepl): LiveRepl {
    if (this.#inUse.has(repl.agentId)) throw brokenInvariant("an agent has one REPL in use at a time");
    this.#inUse.set(repl.agentId, repl);
    return repl;
  }

  async #open(agentId: string, alone: boolean): Promise<ReplSession> {
    const spec = await replSpec(this.#journal, agentId, alone);
    const runtime = this.#runtimeOf(agentId);
    const opened = new AbortController();
    // A runtime that fails to answer whether it is full says what is wrong when it opens, too.
    this.#evictWhile(opened.signal, async () => await runtime.whenFull?.(spec.group)).catch(() => {});
    try {
      const session = await runtime.open(spec);
      this.#settings.proofs.add(runtime);
      return session;
    } catch (error) {
      if (RLMError.is(error)) throw error;
      throw new RLMError(
        "runtime_failed",
        `The runtime ${runtime.name} could not open a REPL for ${agentId}: ${String(error)}`,
        { cause: error },
      );
    } finally {
      // With a reason at hand no exception is made, which would cost more than all the rest of this.
      opened.abort("opened");
    }
  }

  #runtimeOf(agentId: string): Runtime {
    const first = this.#journal.graph.chainAt(agentId, 0);
    const runtime = this.#settings.runtimes.get(first?.type === "query" ? first.config.runtime : "");
    if (runtime !== undefined) return runtime;
    throw new RLMError("invalid_options", `Agent ${agentId} needs a runtime that this flow does not have.`);
  }

  async #evictWhile(opened: AbortSignal, whenFull: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.#settings.environment.sleep(IMPATIENT_MS, opened);
      if (opened.aborted) return;
      // A REPL at work now may soon be suspended on the very agent that waits here: it can be closed then.
      await whenFull();
      await this.#settings.permits.evictOne(this.#party, opened);
    }
  }
}

/** Nothing can be done about a REPL that does not close, and nobody should fail for it. */
async function dispose(session: ReplSession): Promise<void> {
  await session.dispose().catch(() => {});
}

/**
 * Brings a fresh REPL to where the agent's chain stands, blocks before `upTo` only. Returns the lost block if the
 * sandbox dies; `warn` is told what came out otherwise than recorded without a call that differs.
 */
export async function replayBefore(
  journal: Journal,
  repl: LiveRepl,
  upTo: string,
  warn: (message: string) => void,
): Promise<LiveBlock | null> {
  const chain = journal.graph.chain(repl.agentId);
  for (const action of ranBlocks(chain)) {
    if (action.id === upTo) break;
    const block = await replayEnded(journal, repl.session, action);
    if (block.state.kind === "lost") return block;
    for (const message of await replayDifferences(journal, block)) warn(message);
  }
  repl.fresh = false;
  return null;
}
