// What authors of runtimes, clients and engines need beyond the root entry, and what checks of runs do.

// The protocol of a runtime: a REPL, its activations and its calls.
export type {
  ReplSpec,
  ReplSession,
  Block,
  Activation,
  ActivationState,
  Call,
  BuiltinCall,
  DelegateOptions,
  QueryOptions,
  PassedContext,
  HandleRef,
  Answer,
  ContextPayload,
  ContextSlice,
} from "./protocols/runtime.ts";
export type { ContextRead, Cut, VariableSummary } from "./data/node.ts";

// A language.
export type { Language, LanguagePromptOptions, PromptSection, ToolParameter } from "./protocols/language.ts";
export type { LanguageInfo } from "./data/node.ts";

// What clients pass on and read, schemas as values, and messages.
export type { ToolCall } from "./protocols/client.ts";
export { parseJson } from "./data/json.ts";
export { type ResolvedSchema, resolveSchema, type SchemaCheck } from "./schema/schema.ts";
export type { RLMErrorOptions } from "./errors.ts";
export { counted, sentence, sentences } from "./data/words.ts";

// An engine: it moves the agents of a run one transition at a time, through a port for each.
export { advance } from "./engine/agent/transition.ts";
export type {
  AgentPort,
  Children,
  Effects,
  Repls,
  SendOptions,
  Signals,
  TransitionEnd,
} from "./engine/agent/agent-port.ts";
export type { Gap } from "./rules/next-move.ts";
export type { AgentNews } from "./engine/agent/run-event.ts";
export { chooseRuntime, type NewQuery, queryDraft } from "./engine/agent/query-draft.ts";
export { storeContexts } from "./engine/agent/contexts.ts";
export { InFlight } from "./engine/agent/in-flight.ts";
export { AnswerSchemas } from "./schema/answer-schemas.ts";

// What runs share: settings, REPLs, budget, log.
export { resolveOptions } from "./engine/flow/flow-options.ts";
export type { AgentSettings, FlowSettings, ModelInfo } from "./engine/resources/settings.ts";
export { type MadeRun, makeRun, type NewRun } from "./engine/flow/new-run.ts";
export { flowEffects } from "./engine/run/flow-effects.ts";
export type { LiveRepl } from "./engine/repl/live-repl.ts";
export { ReplPool } from "./engine/repl/repl-pool.ts";
export {
  type Amount,
  Budget,
  type BudgetLimits,
  type Held,
  type Shortage,
} from "./engine/resources/budget.ts";
export type { Answered } from "./engine/resources/provider.ts";
export type { Release } from "./engine/resources/semaphore.ts";
export { Journal, type LogStore } from "./engine/store/journal.ts";
export type { ChainDraft } from "./engine/store/node-draft.ts";

// A recorded run again: its blocks in fresh REPLs, the messages of its requests from the chain.
export { agentState, ranBlocks } from "./data/graph/agent-state.ts";
export { reopens } from "./data/may-open-again.ts";
export { callNodeId, chainNodeId, intentNodeId } from "./data/ids.ts";
export { replSpec } from "./engine/repl/repl-spec.ts";
export { replayEnded } from "./engine/repl/replay-block.ts";
export { replayDifferences } from "./engine/repl/replay-differences.ts";
export { Transcript } from "./rules/messages.ts";
export { MessageDigest } from "./engine/agent/message-digest.ts";
export { defaultEnvironment } from "./engine/environment/default-environment.ts";
