import { Graph } from "../../data/graph/graph.ts";
import { chainNodeId, ROOT } from "../../data/ids.ts";
import type { RunNode } from "../../data/node.ts";
import type { RunInfo } from "../../data/run-info.ts";
import { RLMError } from "../../errors.ts";
import { brokenInvariant } from "../../invariant.ts";
import type { Store } from "../../protocols/store.ts";
import type { ResolvedSchema } from "../../schema/schema.ts";
import { monotonicClock } from "../environment/default-environment.ts";
import type { FlowSettings } from "../resources/settings.ts";
import { LiveRun } from "../run/live-run.ts";
import { requireAll } from "../run/resume/requirements.ts";
import { latestTime } from "../run/resume/resumed.ts";
import { checkPayloads } from "../store/check-payloads.ts";
import { sharedNodes } from "../store/shared-nodes.ts";

/** Runs at rest that are kept open, the newest: what a step or a further query finds ready. */
const RESTING_RUNS = 32;

/**
 * The runs that a flow has open.
 *
 * Owns: the live runs and their stores, until they are closed. Does not own: their moves, which callers ask for.
 * 1. A branch has at most one live run that may move, and only that one appends.
 * 2. Whoever takes a live run gives it back with {@link rest}. Of the runs that are not taken, the newest stay open with
 *    their REPLs; the others are closed, and are opened from the log when they are taken again.
 */
export class OpenRuns {
  readonly #settings: FlowSettings;
  readonly #open = new Map<string, LiveRun>();
  /** How many have taken the run and not given it back. */
  readonly #users = new Map<LiveRun, number>();
  readonly #resting = new Set<LiveRun>();
  /** By branch: settles when those who were about to open the branch have done so. */
  readonly #lines = new Map<string, Promise<void>>();
  #arrivals = 0;
  #closed = false;

  constructor(settings: FlowSettings) {
    this.#settings = settings;
  }

  /** Takes the live run of this graph: the open one, its branch opened again, or a fork where the graph is older. */
  async take(graph: Graph, schema: ResolvedSchema | null): Promise<LiveRun> {
    const { runId, branch } = graph.run;
    return await this.inLine(runId, branch.id, () => this.takeNext(graph, schema));
  }

  /** Does work that may open a branch: of two callers at once, the second finds the run that the first has opened. */
  async inLine<T>(runId: string, branchId: string, work: () => Promise<T>): Promise<T> {
    const key = keyOf(runId, branchId);
    const done = (this.#lines.get(key) ?? Promise.resolve()).then(work);
    const settled = done.then(
      () => {},
      () => {},
    );
    this.#lines.set(key, settled);
    try {
      return await done;
    } finally {
      if (this.#lines.get(key) === settled) this.#lines.delete(key);
    }
  }

  /** The graph of the branch, if it is open here. */
  graphOf(runId: string, branchId: string): Graph | undefined {
    return this.#open.get(keyOf(runId, branchId))?.graph;
  }

  /** {@link take} for work that is {@link inLine} already. */
  async takeNext(graph: Graph, schema: ResolvedSchema | null): Promise<LiveRun> {
    this.assertOpen();
    const { open, failed } = await this.#usable(graph);
    if (open !== undefined && isSame(graph, open.graph)) {
      if (open.aborted) return await this.attach(open.store, open.graph, schema);
      if (schema !== null) open.schemas.useForRoot(schema);
      return this.#taken(open);
    }
    const kept = open === undefined ? await this.#reopen(graph, failed) : null;
    if (kept !== null && kept.store !== null) return await this.attach(kept.store, kept.graph, schema);
    const log = kept?.nodes ?? [...(open?.graph ?? graph).walk()];
    return await this.#fork(graph, log, schema);
  }

  /**
   * Takes a live run of this graph over a store that holds it. Rejects with `invalid_options` naming all that is
   * missing, with `damaged_log` when payloads are lost; the store is closed then.
   */
  async attach(store: Store, graph: Graph, schema: ResolvedSchema | null): Promise<LiveRun> {
    try {
      Graph.requireLawful(graph);
      requireAll(graph, this.#settings);
      await checkPayloads(graph, store.payloads);
    } catch (error) {
      const before = this.#open.get(keyOfRun(graph.run));
      await (before === undefined ? store.close() : this.discard(before));
      throw error;
    }
    const live = await this.add(store, graph, schema);
    try {
      await live.attach();
      return live;
    } catch (error) {
      await this.discard(live);
      throw error;
    }
  }

  /** Takes a live run in which nobody moves yet. */
  async add(store: Store, graph: Graph, schema: ResolvedSchema | null): Promise<LiveRun> {
    if (this.#closed) {
      await store.close();
      this.assertOpen();
    }
    const environment = monotonicClock(this.#settings.environment, latestTime(graph));
    const live = new LiveRun(
      { ...this.#settings, environment, arrival: this.#arrivals++ },
      store,
      graph,
      schema,
    );
    const before = this.#open.get(keyOfRun(graph.run));
    if (before !== undefined && !before.aborted)
      throw brokenInvariant("a branch has one live run that may move");
    if (before !== undefined) this.#resting.delete(before);
    this.#open.set(keyOfRun(graph.run), live);
    return this.#taken(live);
  }

  /** Gives a live run back: it may be closed when nobody else has it. */
  rest(live: LiveRun): void {
    const users = (this.#users.get(live) ?? 1) - 1;
    if (users > 0) {
      this.#users.set(live, users);
      return;
    }
    this.#users.delete(live);
    if (this.#open.get(keyOfRun(live.graph.run)) !== live) return;
    this.#resting.add(live);
    live.rest();
    const [oldest] = this.#resting;
    // What can't be closed well here was closed as well as it can be; its log is whole.
    if (oldest !== undefined && this.#resting.size > RESTING_RUNS) this.discard(oldest).catch(() => {});
  }

  /** Closes a live run and its store; its graph can be taken again. */
  async discard(live: LiveRun): Promise<void> {
    this.#resting.delete(live);
    this.#users.delete(live);
    const key = keyOfRun(live.graph.run);
    if (this.#open.get(key) === live) this.#open.delete(key);
    await live.abort();
    await live.close();
    await live.store.close();
  }

  /** Stops and closes every run; nothing is taken any more. Rejects, in the end, with what first failed. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = await Promise.allSettled([...this.#open.values()].map((live) => this.discard(live)));
    for (const outcome of closed) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** Throws `closed` after {@link close}. */
  assertOpen(): void {
    if (this.#closed) throw new RLMError("closed", "This flow is closed; make a new one.");
  }

  #taken(live: LiveRun): LiveRun {
    this.#resting.delete(live);
    live.wake();
    this.#users.set(live, (this.#users.get(live) ?? 0) + 1);
    return live;
  }

  /** A branch of its own for a graph that its branch, of which `log` is known, does not hold. */
  async #fork(graph: Graph, log: readonly RunNode[], schema: ResolvedSchema | null): Promise<LiveRun> {
    const { environment, stores } = this.#settings;
    const at = log[sharedNodes(graph, log) - 1]?.id ?? chainNodeId(ROOT, 0);
    const parent = { branch: graph.branch, at };
    const branch = { id: environment.randomId(), parent, createdAt: environment.now() };
    const run: RunInfo = { ...graph.run, branch };
    return await this.attach(await stores.forkRun(run, [...graph.walk()]), graph.onBranch(run), schema);
  }

  /** The open run of the graph's branch. One that failed is closed, so that its log is opened again. */
  async #usable(graph: Graph): Promise<{ readonly open: LiveRun | undefined; readonly failed: boolean }> {
    const open = this.#open.get(keyOfRun(graph.run));
    if (open?.failed !== true) return { open, failed: false };
    // It has failed already, and its owner was told; what its closing adds helps nobody.
    await this.discard(open).catch(() => {});
    return { open: undefined, failed: true };
  }

  /**
   * The store of the graph's branch, when it holds exactly this graph; else only what the branch holds. After
   * a failed write that may be more: lines that were kept though nobody could be told.
   */
  async #reopen(
    graph: Graph,
    afterFailure: boolean,
  ): Promise<
    | { readonly store: Store; readonly graph: Graph; readonly nodes: readonly RunNode[] }
    | { readonly store: null; readonly nodes: readonly RunNode[] }
    | null
  > {
    const { runId, branch } = graph.run;
    const store = await this.#settings.stores.openRun(runId, branch.id).catch((error) => {
      if (RLMError.is(error, "not_found")) return null;
      throw error;
    });
    if (store === null) return null;
    const nodes = await orClose(store, () => store.read());
    const goesOn = sharedNodes(graph, nodes) === graph.length;
    if (goesOn && nodes.length === graph.length) return { store, graph, nodes };
    if (goesOn && afterFailure)
      return { store, graph: await orClose(store, async () => Graph.fromNodes(store.run, nodes)), nodes };
    await store.close();
    return { store: null, nodes };
  }
}

/** Does what needs an open store, and closes the store where that fails: it would stay locked for good. */
export async function orClose<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The failure that matters is the first.
    await store.close().catch(() => {});
    throw error;
  }
}

function keyOf(runId: string, branchId: string): string {
  return `${runId}/${branchId}`;
}

function keyOfRun({ runId, branch }: RunInfo): string {
  return keyOf(runId, branch.id);
}

/** True for two graphs of one branch that hold the same, be one of them read back from JSON. */
function isSame(a: Graph, b: Graph): boolean {
  return a.length === b.length && (a.isPrefixOf(b) || sharedNodes(a, [...b.walk()]) === a.length);
}
