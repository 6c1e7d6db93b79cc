import type { AgentConfig } from "./agent-config.ts";
import type { Edit } from "./edit.ts";
import type { JsonObject, JsonSchema, JsonValue } from "./json.ts";
import type { Usage } from "./usage.ts";

/** Who caused a node: the engine, a person who edited the run, or the policy `onAction` or `onToolCall`. */
export type Origin = "engine" | "user" | "policy";

/** Where a large field of a node is kept: SHA-256 of its JSON text in UTF-8 and that text's size. */
export interface BlobRef {
  readonly digest: string;
  readonly bytes: number;
}

/** Where something was cut at its source: how many units were kept of how many. */
export interface Cut {
  readonly kept: number;
  readonly total: number;
}

interface NodeCommon {
  /** `root#3` for the fourth node of agent `root`'s chain, `root#3/0` for the first call of the block in it. */
  readonly id: string;
  readonly agentId: string;
  /** The previous node of the chain; for a call the action, for a child's first query the delegating call. */
  readonly parentId: string | null;
  /** Place in the agent's own log, calls included, contiguous from 0. */
  readonly n: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly origin: Origin;
  /** The inbox entry that asked for this node: an entry whose id is in the log was applied. */
  readonly entry?: string;
}

/** A payload an agent may read through CONTEXT. */
export interface ContextRef {
  readonly key: string;
  /** UTF-16 units the agent can read. */
  readonly characters: number;
  /** SHA-256 of the whole payload in UTF-8. */
  readonly digest: string;
  /** The part of the payload that was passed on, in UTF-16 units; absent for the whole. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly metadata?: JsonObject;
}

/** The language a REPL speaks and the engine that runs it. */
export interface LanguageInfo {
  readonly name: string;
  /** Name and version of the engine, for example `v8 13.6`. Replay is exact on the same one. */
  readonly engine: string;
}

/** A person, a program or a parent gave the agent a query. */
export interface QueryNode extends NodeCommon {
  readonly type: "query";
  readonly query: string;
  /** 0 for the first query of this agent, counted up for each further one. */
  readonly ordinal: number;
  /** 0 for the root. */
  readonly depth: number;
  /** The whole system prompt, or `null` when it lies in `blobs.systemPrompt`. */
  readonly systemPrompt: string | null;
  readonly config: AgentConfig;
  readonly contexts: readonly ContextRef[];
  /** The description of the contexts that follows the query in the first message. Absent: there is none, as in format 1. */
  readonly input?: string;
  /** JSON Schema of the answer, or `null` for any. */
  readonly output: JsonSchema | null;
  /** JSON values that stand in the REPL under these names. */
  readonly globals: JsonObject;
  /** Names of the host functions the agent may call. */
  readonly tools: readonly string[];
  /** From this and the block's id the REPL draws its chance. */
  readonly seed: string;
  /** Version of the engine's semantics, by which this query is replayed: `INTERPRETER` of `engine/agent/query-draft.ts`. */
  readonly interpreter: string;
  readonly language: LanguageInfo;
  readonly metadata?: JsonObject;
  readonly blobs?: { readonly systemPrompt?: BlobRef };
}

/** Why a model stopped writing. */
export type FinishReason = "stop" | "length" | "filtered" | "refused" | "other";

/** Why a request gave no usable reply. The first five pass by themselves. */
export type RequestFailure =
  | "rate_limit"
  | "overloaded"
  | "network"
  | "timeout"
  | "incomplete"
  | "authentication"
  | "invalid_request"
  | "context_too_long"
  | "quota"
  | "aborted"
  | "unknown";

/** One request that was sent to a provider, whatever became of it. */
export interface Attempt {
  readonly startedAt: number;
  readonly firstTokenAt: number | null;
  readonly endedAt: number;
  readonly outcome: "complete" | RequestFailure;
  /** What was wrong; absent when complete. */
  readonly message?: string;
  readonly usage: Usage;
}

/** The model replied. */
export interface ActionNode extends NodeCommon {
  readonly type: "action";
  readonly reply: string;
  /** The code to run, or `null` when the reply holds none. */
  readonly code: string | null;
  /** What the model is told about how its code was found (several blocks, another spelling), or `null`. */
  readonly notice: string | null;
  /** The model that answered, as the provider names it. */
  readonly model: string;
  readonly usage: Usage;
  readonly finishReason: FinishReason;
  /** SHA-256 of the exact messages that were sent, computed as `requestDigest` says. */
  readonly request: string;
  /**
   * How `request` was computed from the messages. Absent: SHA-256 of `JSON.stringify(messages)`, as in format 1. `"chain"`:
   * h(0) is SHA-256 of "", h(i) that of `h(i-1) + "\n" + JSON.stringify(message i)`, so that each request extends the digest of the last.
   */
  readonly requestDigest?: "chain";
  readonly attempts: readonly Attempt[];
  /** True when this was the last request the agent was allowed. */
  readonly final: boolean;
  /** The limit that made it the last, where that is another than the number of requests. */
  readonly limit?: { readonly name: string; readonly value: number };
  /** The action whose code this one stands for. */
  readonly replaces?: string;
}

/** An error as data: it crosses every boundary in this form. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly cause?: ErrorData;
}

/** What became of a call. */
export type Outcome =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly error: ErrorData };

/**
 * The running code called the host, and this is the answer. For `delegate` the value is the child's id,
 * for `wait` the ids of the nodes that ended the children; a `done` is kept only when it was refused.
 */
export interface CallNode extends NodeCommon {
  readonly type: "call";
  /** Place among the calls of its block, from 0, in the order the code issued them. */
  readonly index: number;
  readonly name: string;
  /** The arguments, or `null` when they lie in `blobs.args`. */
  readonly args: readonly JsonValue[] | null;
  /**
   * The arguments with which the `onToolCall` policy replaced those of the code, or `null` when they lie in
   * `blobs.changedArgs`. Absent: the tool was called with `args`.
   */
  readonly changedArgs?: readonly JsonValue[] | null;
  /** The answer, or `null` when it lies in `blobs.outcome` or this is an intent. */
  readonly outcome: Outcome | null;
  /** True for the note that a call that must not be repeated is about to be made. */
  readonly intent?: true;
  /** True for an answer that came after the block's `done` was accepted: it was kept, but not delivered. */
  readonly undelivered?: true;
  readonly usage?: Usage;
  readonly attempts?: readonly Attempt[];
  readonly blobs?: { readonly args?: BlobRef; readonly outcome?: BlobRef; readonly changedArgs?: BlobRef };
}

/** One row of what the REPL holds. */
export interface VariableSummary {
  readonly name: string;
  readonly type: string;
  /** Characters of a string, elements of a collection, else `null`. */
  readonly size: number | null;
  /** At most 80 characters. */
  readonly preview: string;
  readonly changed: boolean;
}

/** A range of a context that was read, in UTF-16 units. */
export interface ContextRead {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** What running code left behind since the block's previous node. */
export interface BlockRecord {
  /** The output, or `null` when it lies in the node's `blobs.output`. */
  readonly output: string | null;
  /** Characters of the output that the model was shown. */
  readonly shown: number;
  /** Present when the sandbox kept less than was written. */
  readonly cut?: Cut;
  readonly variables: readonly VariableSummary[];
  readonly reads: readonly ContextRead[];
  readonly startedAt: number;
  /** Milliseconds in which code ran, waiting apart. */
  readonly codeMs: number;
}

interface BlockBlobs {
  readonly blobs?: { readonly output?: BlobRef };
}

/** The block ended and the agent goes on; or somebody spoke to it. */
export interface ObservationNode extends NodeCommon, BlockBlobs {
  readonly type: "observation";
  /** What the model is shown. */
  readonly content: string;
  readonly block?: BlockRecord;
  /** The edit this node is, when a person made it. */
  readonly edit?: Edit;
}

/** A wait that the code has issued and that is not complete. */
export interface Wait {
  /** Index of the call among those of its block. */
  readonly index: number;
  readonly agents: readonly string[];
}

/** The block is suspended on children. */
export interface SupervisingNode extends NodeCommon, BlockBlobs {
  readonly type: "supervising";
  /** Waits issued since the block's previous node; earlier ones that are not complete still hold. */
  readonly waits: readonly Wait[];
  readonly block: BlockRecord;
}

/** Children finished, the block went on and ended. */
export interface ResumeNode extends NodeCommon, BlockBlobs {
  readonly type: "resume";
  /** The supervising node from which the block went on. */
  readonly resumedFrom: string;
  readonly content: string;
  readonly block: BlockRecord;
}

/** Everything that can go wrong in an agent. */
export type ErrorKind =
  | "no_code"
  | "unclosed_code"
  | "syntax_error"
  | "exception"
  | "deadlock"
  | "block_limit"
  | "sandbox_lost"
  | "request_failed"
  | "refused"
  | "limit_reached"
  | "cancelled"
  | "replay_diverged"
  | "runtime_failed";

/** Something went wrong; the agent goes on unless `fatal`. */
export interface ErrorNode extends NodeCommon, BlockBlobs {
  readonly type: "error";
  readonly kind: ErrorKind;
  readonly message: string;
  /** What the model is shown, or, of a fatal error, the last output. */
  readonly content: string;
  readonly fatal: boolean;
  /** The limit that was hit. */
  readonly limit?: { readonly name: string; readonly value: number };
  readonly block?: BlockRecord;
  readonly attempts?: readonly Attempt[];
  /** The action whose block is undone: a rebuild leaves it out. */
  readonly dropped?: string;
  readonly details?: JsonObject;
}

/** The agent answered. */
export interface ResultNode extends NodeCommon {
  readonly type: "result";
  /** The answer, or `null` with `blobs.result` when it is large. */
  readonly result: JsonValue;
  /** Children that nobody waited for and that were cancelled. */
  readonly cancelled: readonly string[];
  /** Absent when a person gave the result. */
  readonly block?: BlockRecord;
  readonly blobs?: { readonly result?: BlobRef; readonly output?: BlobRef };
}

/** One thing that happened in a run. Frozen, JSON through and through. */
export type RunNode =
  | QueryNode
  | ActionNode
  | CallNode
  | ObservationNode
  | SupervisingNode
  | ResumeNode
  | ErrorNode
  | ResultNode;

/** A node of an agent's chain: everything but its calls. */
export type ChainNode = Exclude<RunNode, CallNode>;

/** The name of a node's type. */
export type NodeType = RunNode["type"];

/** True for a node after which its agent does nothing more for this query. */
export function endsAgent(node: RunNode): node is ResultNode | ErrorNode {
  return node.type === "result" || (node.type === "error" && node.fatal);
}
