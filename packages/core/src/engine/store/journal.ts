import { decodeNode } from "../../data/decode/decode-node.ts";
import type { Graph } from "../../data/graph/graph.ts";
import { deepFreeze, type JsonValue } from "../../data/json.ts";
import type { ActionNode, BlobRef, CallNode, ChainNode, Origin, RunNode } from "../../data/node.ts";
import { callNodeId, chainNodeId, intentNodeId } from "../../data/node-id.ts";
import { RLMError } from "../../errors.ts";
import type { Environment } from "../../protocols/environment.ts";
import type { PayloadStore, Store } from "../../protocols/store.ts";
import { watchedPayloads } from "./closable-payloads.ts";
import type { PromptSums } from "./prompt-sums.ts";
import { isStoreFailure } from "./store-failure.ts";

type Common = "id" | "agentId" | "parentId" | "n" | "startedAt" | "endedAt" | "origin";
type DraftOf<N> = N extends ChainNode
  ? Omit<N, Common> & { readonly startedAt?: number; readonly origin?: Origin; readonly parentId?: string }
  : never;

/** A chain node without what the journal gives it: its id, place, end and, unless stated, its start and origin. */
export type ChainDraft = DraftOf<ChainNode>;

/** A call without what the journal gives it. */
export type CallDraft = Pick<
  CallNode,
  "index" | "name" | "outcome" | "usage" | "attempts" | "intent" | "undelivered"
> & {
  readonly origin?: Origin;
  readonly args: readonly JsonValue[];
  readonly changedArgs?: readonly JsonValue[];
  readonly startedAt: number;
};

/** What a journal writes to: all of a {@link Store}, or only what a driver of one agent has. */
export type LogStore = Pick<Store, "append" | "payloads">;

/** JSON texts of more bytes than this become blobs. */
export const INLINE_BYTES: number = 64 * 1024;

/** Texts up to this length are small in any case: a UTF-16 unit takes at most six bytes of JSON, `\u0000`. */
const SHORT_TEXT = Math.floor((INLINE_BYTES - 2) / 6);

/** A value as a node keeps it: inline, or by reference when it is large. */
export interface Packed<T> {
  readonly inline: T | null;
  readonly blob?: BlobRef;
}

const NOTHING: Packed<null> = { inline: null };

/**
 * The log of one branch while a flow works on it.
 *
 * Owns: the newest graph, and that it says the same as the store. Does not own: the store's files.
 * 1. A node is in the store before it is in the graph, and in the graph before anyone hears of it.
 * 2. Nodes enter the graph in the order in which the store took them.
 * 3. One agent's appends never overlap: the scheduler sees to that.
 * 4. After a failed write nothing more is appended.
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
    const nodes = drafts.map((draft, offset): ChainNode => {
      const parentId = place + offset === 0 ? null : chainNodeId(agentId, place + offset - 1);
      const common = {
        id: chainNodeId(agentId, place + offset),
        agentId,
        parentId,
        n: n + offset,
        startedAt: now,
        endedAt: now,
        origin: "engine" as const,
      };
      return deepFreeze({ ...common, ...draft });
    });
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
    const nodes: CallNode[] = [];
    for (const draft of drafts) nodes.push(await this.#callNode(action, draft, nodes.length));
    await this.append(action.agentId, nodes);
    return nodes;
  }

  /**
   * Appends the answered call that delegates, and at once behind it what `spawn` appends: one write can take both.
   * `spawn` is not called for a call that no store would take.
   */
  async appendDelegation(
    action: ActionNode,
    draft: CallDraft,
    spawn: (delegation: CallNode, kept: Promise<void>) => Promise<void>,
  ): Promise<CallNode> {
    const node = await this.#callNode(action, draft);
    decodeNode(node, node.id);
    // Both have ended before anybody hears that one has failed: the agent's next append follows this one.
    const kept = this.append(node.agentId, [node]);
    const ends = await Promise.allSettled([kept, spawn(node, kept)]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return node;
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
    await this.#store.append(agentId, first.n, nodes).catch((error: unknown) => this.#fail(error));
    this.#graph = this.#graph.append(nodes);
    for (const node of nodes) this.#listener(node);
  }

  /** Takes in nodes of other agents that are in a store already, where the journal does not see them being appended. */
  learn(nodes: readonly RunNode[]): void {
    this.#graph = this.#graph.append(nodes);
  }

  /** Ends the run if the error is a failure of the store: nothing is appended any more. Ignores other errors. */
  stop(error: unknown): void {
    if (isStoreFailure(error)) this.#failure ??= error;
  }

  /** A store that takes nothing more ends the whole run; a node that it refuses is the fault of one agent. */
  #fail(error: unknown): never {
    if (RLMError.is(error, "invalid_graph") || RLMError.is(error, "protocol_violation")) throw error;
    this.#failure = RLMError.is(error)
      ? error
      : new RLMError("store_failed", `The store could not keep a node: ${String(error)}`, { cause: error });
    throw this.#failure;
  }

  /** One string for all equal ones: thousands of agents share few prompts. */
  shared(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  /** The value as a node keeps it: a large one is put into the store first. */
  async pack<T>(value: T): Promise<Packed<T>> {
    if (value === null || (typeof value === "string" && value.length <= SHORT_TEXT)) return { inline: value };
    const text = JSON.stringify(value);
    // A UTF-16 unit takes at most three bytes, so short texts need no exact count.
    const large =
      text.length > INLINE_BYTES || (text.length * 3 > INLINE_BYTES && utf8Bytes(text) > INLINE_BYTES);
    if (!large) return { inline: value };
    const blob = await this.payloads.putBlob(text).catch((error: unknown) => this.#fail(error));
    return { inline: null, blob };
  }

  /** The value of a field that may have become a blob. */
  async unpack<T>(inline: T | null, blob: BlobRef | undefined): Promise<T | null> {
    if (blob === undefined) return inline;
    return JSON.parse(await this.payloads.getBlob(blob.digest)) as T;
  }
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
