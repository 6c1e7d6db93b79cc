import { decodeNode } from "../../data/decode/decode.ts";
import type { Graph } from "../../data/graph/graph.ts";
import { callNodeId, intentNodeId } from "../../data/ids.ts";
import { deepFreeze } from "../../data/json.ts";
import type { ActionNode, BlobRef, CallNode, ChainNode, RunNode } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import { brokenInvariant, isBrokenInvariant } from "../../invariant.ts";
import type { Environment } from "../../protocols/environment.ts";
import type { PayloadStore, Store } from "../../protocols/store.ts";
import { watchedPayloads } from "./closable-payloads.ts";
import { type CallDraft, type ChainDraft, chainNode, type Packed, pack } from "./node-draft.ts";
import type { PromptSums } from "./prompt-sums.ts";
import { endsRun } from "./store-failure.ts";

/** What a journal writes to: all of a {@link Store}, or only what a driver of one agent has. */
export type LogStore = Pick<Store, "append" | "payloads">;

const NOTHING: Packed<null> = { inline: null };

/**
 * The log of one branch while a flow works on it.
 *
 * Owns: the newest graph, which has the same nodes as the store. Does not own: the store's files.
 * 1. A node is in the store before it is in the graph, and in the graph before the listener hears of it.
 * 2. Each append of an agent begins at the next `n` that the graph has for that agent.
 * 3. Two appends of one agent never overlap: scheduler.ts, invariants 1 and 5, and cancels.ts, invariant 1, keep this.
 * 4. After a failed write no append begins.
 */
export class Journal {
  readonly #store: LogStore;
  /** The store's payloads. Like a failed append, a failure of theirs ends the run. */
  readonly payloads: PayloadStore;
  readonly environment: Environment;
  /** What is known of the system prompts that were sent. */
  readonly promptSums: PromptSums = new Map();
  #graph: Graph;
  #listener: (node: RunNode) => void = () => {};
  readonly #texts = new Map<string, string>();
  /** The agents that an append of theirs is under way for. */
  readonly #appending = new Set<string>();
  #failure: RLMError | null = null;

  constructor(store: LogStore, graph: Graph, environment: Environment) {
    this.#store = store;
    this.payloads = watchedPayloads(store.payloads, (error) => this.stop(error));
    this.environment = environment;
    this.#graph = graph;
  }

  get graph(): Graph {
    return this.#graph;
  }

  /** What the store failed with, after which nothing more is appended. */
  get failure(): RLMError | null {
    return this.#failure;
  }

  /** Has every further node reported, in the moment in which it is in the graph. There is one listener. */
  listen(listener: (node: RunNode) => void): void {
    this.#listener = listener;
  }

  /** Appends chain nodes in one go and gives them. */
  async appendChain(agentId: string, drafts: readonly ChainDraft[]): Promise<readonly ChainNode[]> {
    const now = this.environment.now();
    const place = this.#graph.chainLength(agentId);
    const n = this.#graph.nextN(agentId);
    const nodes = drafts.map((draft, offset) =>
      chainNode(this.#sharing(draft), { agentId, place: place + offset, n: n + offset, now }),
    );
    await this.append(agentId, nodes);
    return nodes;
  }

  /** Appends an answered call of the block in `action`, or the intent to make one. */
  async appendCall(action: ActionNode, draft: CallDraft): Promise<CallNode> {
    const node = await this.#callNode(action, draft);
    await this.append(node.agentId, [node]);
    return node;
  }

  /** Appends several answered calls of the block in one go. */
  async appendCalls(action: ActionNode, drafts: readonly CallDraft[]): Promise<readonly CallNode[]> {
    const nodes = await this.#callNodes(action, drafts);
    await this.append(action.agentId, nodes);
    return nodes;
  }

  /**
   * Appends answered `delegate` calls in one go, and at once behind them what `spawn` appends for each: one write can take
   * all. `spawn` is not called when there is a call that no store would take.
   */
  async appendDelegations(
    action: ActionNode,
    drafts: readonly CallDraft[],
    spawn: (call: CallNode, kept: Promise<void>) => Promise<void>,
  ): Promise<readonly CallNode[]> {
    const nodes = await this.#callNodes(action, drafts);
    for (const node of nodes) decodeNode(node, node.id);
    // All have ended before anybody hears that one has failed: the agent's next append follows this one.
    const kept = this.append(action.agentId, nodes);
    const ends = await Promise.allSettled([kept, ...nodes.map((node) => spawn(node, kept))]);
    for (const end of ends) {
      if (end.status === "fulfilled") continue;
      this.stop(end.reason);
      throw end.reason;
    }
    return nodes;
  }

  async #callNodes(action: ActionNode, drafts: readonly CallDraft[]): Promise<readonly CallNode[]> {
    const nodes: CallNode[] = [];
    for (const draft of drafts) nodes.push(await this.#callNode(action, draft, nodes.length));
    return nodes;
  }

  async #callNode(action: ActionNode, draft: CallDraft, offset = 0): Promise<CallNode> {
    const { agentId } = action;
    const { args, outcome, changedArgs, ...rest } = draft;
    const packedArgs = await this.pack(args);
    const packedOutcome = await this.pack(outcome);
    const packedChange = changedArgs === undefined ? NOTHING : await this.pack(changedArgs);
    const blobs = {
      ...(packedArgs.blob && { args: packedArgs.blob }),
      ...(packedOutcome.blob && { outcome: packedOutcome.blob }),
      ...(packedChange.blob && { changedArgs: packedChange.blob }),
    };
    return deepFreeze({
      id: draft.intent === true ? intentNodeId(action.id, draft.index) : callNodeId(action.id, draft.index),
      type: "call",
      agentId,
      parentId: action.id,
      n: this.#graph.nextN(agentId) + offset,
      endedAt: this.environment.now(),
      origin: "engine",
      ...rest,
      args: packedArgs.inline,
      outcome: packedOutcome.inline,
      ...(changedArgs !== undefined && { changedArgs: packedChange.inline }),
      ...(Object.keys(blobs).length > 0 && { blobs }),
    });
  }

  /** Appends finished nodes of one agent. */
  async append(agentId: string, nodes: readonly RunNode[]): Promise<void> {
    const first = nodes[0];
    if (first === undefined) return;
    if (this.#failure !== null) throw this.#failure;
    if (this.#appending.has(agentId)) throw brokenInvariant("the appends of one agent do not overlap");
    if (first.n !== this.#graph.nextN(agentId))
      throw brokenInvariant("an append begins where the agent's log ends");
    this.#appending.add(agentId);
    try {
      await this.#store.append(agentId, first.n, nodes);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#appending.delete(agentId);
    }
    this.#graph = this.#graph.append(nodes);
    for (const node of nodes) this.#listener(node);
  }

  /** Takes in nodes of other agents that are in a store already, where the journal does not see them being appended. */
  learn(nodes: readonly RunNode[]): void {
    this.#graph = this.#graph.append(nodes);
  }

  /** Ends the run for an error that {@link endsRun}: nothing more is appended. Ignores other errors. */
  stop(error: unknown): void {
    if (endsRun(error)) this.#failure ??= error;
  }

  /** A store that takes nothing more ends the whole run; a node that it refuses is the fault of one agent. */
  #fail(error: unknown): never {
    const isRefused = RLMError.is(error, "invalid_graph") || RLMError.is(error, "protocol_violation");
    if (isRefused && !isBrokenInvariant(error)) throw error;
    this.#failure = RLMError.is(error)
      ? error
      : new RLMError("store_failed", `The store could not keep a node: ${String(error)}`, { cause: error });
    throw this.#failure;
  }

  /** The draft with the one string for all equal prompts: thousands of agents share few of them. */
  #sharing(draft: ChainDraft): ChainDraft {
    if (draft.type !== "query" || draft.systemPrompt === null) return draft;
    const known = this.#texts.get(draft.systemPrompt);
    if (known !== undefined) return { ...draft, systemPrompt: known };
    this.#texts.set(draft.systemPrompt, draft.systemPrompt);
    return draft;
  }

  /** The value as a node keeps it: a large one is put into the store first. */
  async pack<T>(value: T): Promise<Packed<T>> {
    return await pack(this.payloads, value).catch((error: unknown) => this.#fail(error));
  }

  /** The value of a field that may have become a blob. */
  async unpack<T>(inline: T | null, blob: BlobRef | undefined): Promise<T | null> {
    if (blob === undefined) return inline;
    return JSON.parse(await this.payloads.getBlob(blob.digest)) as T;
  }
}
