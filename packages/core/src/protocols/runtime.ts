import type { JsonObject, JsonValue } from "../data/json.ts";
import type { ContextRead, Cut, ErrorData, Outcome, VariableSummary } from "../data/node.ts";
import type { Language } from "./language.ts";

/**
 * A place where REPLs live. One runtime serves any number of agents at a time.
 *
 * - `open` may be called concurrently and gives a fresh REPL each time. It rejects with an RLMError
 *   (`runtime_failed`) in bounded time when no REPL can be had.
 * - `close` disposes what is still open, leaves no process, container or handle behind, and may be
 *   called twice; after it `open` rejects with `closed`.
 * - Nothing that runs inside ever reaches the host but as the JSON of an {@link Activation}.
 */
export interface Runtime {
  readonly protocol: 1;
  readonly name: string;
  readonly language: Language;
  /** What stands between the code and the host: `none` means none. */
  readonly isolation: "none" | "process" | "isolate" | "container" | "remote";
  /** Whether a rebuilt REPL is sure to be the same. */
  readonly replay: "exact" | "best-effort";
  open(spec: ReplSpec): Promise<ReplSession>;
  /**
   * Resolves when an `open` for this group has to wait until another REPL is disposed: the engine then closes REPLs that
   * it can rebuild. Without this method, the engine assumes so of every `open` that takes long.
   */
  whenFull?(group: string): Promise<void>;
  close(): Promise<void>;
}

/** What a fresh REPL is made of. Equal specs and equal deliveries give equal REPLs. */
export interface ReplSpec {
  readonly agentId: string;
  /** Agents of one group trust each other and may share a sandbox process: the run's id. */
  readonly group: string;
  readonly depth: number;
  readonly maxDepth: number;
  readonly seed: string;
  readonly contexts: readonly ContextPayload[];
  /** JSON values that stand in the REPL under these names. */
  readonly globals: JsonObject;
  /** Names of host functions, each an async function in the REPL. */
  readonly functions: readonly string[];
  /** Asks for a sandbox process of its own: this agent's block may have killed one. */
  readonly alone: boolean;
}

/** A payload that CONTEXT reads from. `read` is synchronous and touches only the range it is asked for. */
export interface ContextPayload {
  readonly key: string;
  /** UTF-16 units. */
  readonly characters: number;
  /** Identifies the text below, for caches: payloads of equal digest and range hold equal text. */
  readonly digest: string;
  readonly metadata?: JsonObject;
  /** The UTF-16 units from `start` up to `end`, both within 0 and `characters`. */
  read(start: number, end: number): string;
}

/**
 * One REPL. `start` and `deliver` are never called while another of them is pending, `deliver` only
 * for an index that an activation of the running block has issued, once each. `dispose` may come at any
 * time, twice too; a pending activation then resolves as `lost`. Neither rejects for anything code did: what comes from
 * the sandbox and is no activation loses it. A rejection (`runtime_failed`, `protocol_violation`, `closed`) is a fault of
 * the runtime or of the caller.
 */
export interface ReplSession {
  start(block: Block): Promise<Activation>;
  deliver(answer: Answer): Promise<Activation>;
  dispose(): Promise<void>;
}

/** A block of code to run. */
export interface Block {
  /** Id of the action, unique in the REPL; chance is drawn from it and the seed. */
  readonly id: string;
  readonly code: string;
  /** Epoch milliseconds at which the block's clock stands. */
  readonly now: number;
  /**
   * True where the log says that code went on after this entry: it is made once more. A machine that is slower or does
   * much else may take longer for it than it took at first, so give it a multiple of what an entry may take.
   */
  readonly replayed?: boolean;
}

/** The answer to a call, given to the running block. */
export interface Answer {
  readonly index: number;
  readonly outcome: Outcome;
  /** Epoch milliseconds to which the block's clock moves. */
  readonly now: number;
  /** As {@link Block.replayed}. */
  readonly replayed?: boolean;
}

/** A call that the code has issued. */
export interface Call {
  /** Place among the calls of its block, from 0, contiguous over its activations. */
  readonly index: number;
  /** A function of the spec, or one of {@link BuiltinCall}. */
  readonly name: string;
  /** In places. A language with keyword arguments sends those last, as `{ "$named": { … } }`; the host places them. */
  readonly args: readonly JsonValue[];
}

/**
 * The calls every REPL can make, with their arguments:
 * - `delegate(name, query, options)`: {@link DelegateOptions}; name may be a {@link HandleRef}. Answer: the child's agent id.
 * - `wait(...handles)`: a {@link HandleRef} each. Answer: a list with one {@link Outcome} a handle, in order.
 * - `llmQuery(prompt, options)`: {@link QueryOptions}. Answer: text, or a value when `output` is given.
 * - `done(value)`. Answered only when refused.
 */
export type BuiltinCall = "delegate" | "wait" | "llmQuery" | "done";

/** A handle as it crosses the boundary: the `delegate` call that made it. The host checks that it exists. */
export interface HandleRef {
  /** Id of the block that delegated. */
  readonly block: string;
  /** Index of the `delegate` call in it. */
  readonly index: number;
}

/** Part of one of the caller's own contexts, passed by reference. */
export interface ContextSlice {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** A payload for a child: text, or part of the parent's own context. */
export type PassedContext =
  | { readonly kind: "text"; readonly key: string; readonly text: string }
  | { readonly kind: "slice"; readonly key: string; readonly slice: ContextSlice };

/** The options of `delegate` as they cross the boundary. Unknown keys are refused by the host. */
export interface DelegateOptions {
  readonly contexts?: readonly PassedContext[];
  readonly model?: string;
  readonly runtime?: string;
  readonly maxIterations?: number;
  readonly maxTotalTokens?: number;
  readonly maxCostUsd?: number;
  readonly output?: JsonObject | boolean;
  readonly globals?: JsonObject;
}

/** The options of `llmQuery` as they cross the boundary. */
export interface QueryOptions {
  readonly model?: string;
  readonly output?: JsonObject | boolean;
}

/** What happened until no microtask was left: the calls issued, the output written, and how the block stands. */
export interface Activation {
  readonly calls: readonly Call[];
  readonly output: string;
  /** Present when the sandbox kept less output than was written; units are characters. */
  readonly outputCut?: Cut;
  /** Milliseconds in which code ran. */
  readonly codeMs: number;
  readonly state: ActivationState;
}

/** How a block stands at the end of an activation. */
export type ActivationState =
  /** The main code waits for an answer (or for nothing at all: the engine tells a deadlock). */
  | { readonly kind: "idle" }
  /** The main code has ended. Calls may still be out; their answers are delivered and the state stays `ended`. */
  | {
      readonly kind: "ended";
      /** The value of a last expression, formatted, or `null`. */
      readonly echo: string | null;
      readonly variables: readonly VariableSummary[];
      readonly reads: readonly ContextRead[];
      /** Indices of calls whose promise nobody has used. */
      readonly unawaited: readonly number[];
    }
  /** The main code threw, or did not parse. What it set before stays. */
  | {
      readonly kind: "threw";
      readonly error: ErrorData;
      /** The error for the model: name, message, cause, the model's own lines. */
      readonly text: string;
      /** True when the code did not parse and nothing of it ran. */
      readonly syntax: boolean;
      readonly variables: readonly VariableSummary[];
      readonly reads: readonly ContextRead[];
      readonly unawaited: readonly number[];
    }
  /** The REPL is gone. The activation's output is what it printed before, as far as that is known. */
  | {
      readonly kind: "lost";
      /** `block`: this block broke a limit or its sandbox. `none`: it shared the sandbox with others, rebuild it alone. */
      readonly blame: "block" | "none";
      readonly message: string;
      readonly limit?: { readonly name: string; readonly value: number; readonly unit: string };
    };
