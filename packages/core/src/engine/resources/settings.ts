import type { AgentConfig } from "../../data/agent-config.ts";
import type { Graph } from "../../data/graph/graph.ts";
import type { JsonObject, JsonValue } from "../../data/json.ts";
import type { ActionNode, ChainNode } from "../../data/node.ts";
import type { Message } from "../../protocols/client.ts";
import type { Environment } from "../../protocols/environment.ts";
import type { Language } from "../../protocols/language.ts";
import type { Runtime } from "../../protocols/runtime.ts";
import type { RunStores } from "../../protocols/store.ts";
import type { Tool } from "../../protocols/tool.ts";
import type { ResolvedRunConfig } from "../../rules/limits.ts";
import type { AgentView } from "../../rules/prompt.ts";
import type { Price, Provider } from "./provider.ts";
import type { ReplPermits } from "./repl-permits.ts";
import type { RuntimeProofs } from "./runtime-proofs.ts";
import type { Semaphore } from "./semaphore.ts";

/** What `onAction` decides about code that is about to run. */
export type ActionVerdict =
  | { readonly kind: "run" }
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "refuse"; readonly reason: string };

/** Looks at a reply's code before it runs. What it throws refuses the code. */
export type OnAction = (action: ActionNode, graph: Graph) => ActionVerdict | Promise<ActionVerdict>;

/** A call of a tool that is about to be made, with arguments that fit its input. */
export interface ToolCallView {
  /** The id of the node that the call will be, for example `root#3/0`. */
  readonly id: string;
  readonly agentId: string;
  readonly depth: number;
  /** The name of the tool. */
  readonly name: string;
  /** The arguments that the code passes: one value for each parameter, or one object of named ones. */
  readonly args: readonly JsonValue[];
}

/** What `onToolCall` decides about a call that is about to be made. */
export type ToolCallVerdict =
  | { readonly kind: "run" }
  | { readonly kind: "arguments"; readonly args: readonly JsonValue[] }
  | { readonly kind: "refuse"; readonly reason: string };

/** Decides about a call of a tool before it is made; may be called concurrently. If it throws, the call is refused. */
export type OnToolCall = (call: ToolCallView, graph: Graph) => ToolCallVerdict | Promise<ToolCallVerdict>;

/** Makes the messages of a request from an agent's chain; pure. `standard` is what would be sent otherwise. */
export type MessagesSeam = (chain: readonly ChainNode[], standard: readonly Message[]) => readonly Message[];

/** What is known of an agent that is about to be made. */
export interface NewAgent {
  readonly agentId: string;
  readonly depth: number;
  readonly query: string;
  readonly config: AgentConfig;
}

/** A model of a flow. */
export interface ModelInfo {
  /** Its name as the provider gives it. */
  readonly name: string;
  /** What it is good for, or the empty text. */
  readonly description: string;
  readonly price: Price | undefined;
}

/** What the options of a flow say about each of its agents. */
export interface AgentSettings {
  readonly config: Pick<ResolvedRunConfig, "childMaxIterations" | "maxOutputTokens">;
  /** The models, by key. */
  readonly models: ReadonlyMap<string, ModelInfo>;
  /** The languages of the runtimes, by the key of the runtime. */
  readonly languages: ReadonlyMap<string, Language>;
  readonly runtimeFor: ((agent: NewAgent) => string) | null;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly globals: JsonObject;
  readonly prompt: (agent: AgentView) => string;
  readonly messages: MessagesSeam | null;
  readonly onAction: OnAction | null;
  readonly onToolCall: OnToolCall | null;
  readonly environment: Environment;
}

/** The options of a flow, checked and completed: what all of its runs share. */
export interface FlowSettings extends AgentSettings {
  readonly config: ResolvedRunConfig;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly runtimes: ReadonlyMap<string, Runtime>;
  /** The limits and choices of a root, but for `runtimeFor`. */
  readonly rootConfig: AgentConfig;
  readonly stores: RunStores;
  /** The cap on requests in flight of the whole flow. */
  readonly requests: Semaphore;
  /** The permits for live REPLs of the whole flow. */
  readonly permits: ReplPermits;
  /** Which runtimes have opened a REPL. */
  readonly proofs: RuntimeProofs;
  /** The run's rank in the flow: a run that came earlier is served first. */
  readonly arrival: number;
}
