// The flow and its options.
export { RLMFlow } from "./engine/flow/flow.ts";
export type { FlowOptions, FlowParts, ModelOption } from "./engine/flow/flow-options.ts";
export type { ContextInput, ContextsInput } from "./engine/agent/contexts.ts";
export type { RunConfig } from "./rules/limits.ts";
export type { Price } from "./engine/resources/provider.ts";
export type {
  ActionVerdict,
  MessagesSeam,
  NewAgent,
  OnAction,
  OnToolCall,
  ToolCallVerdict,
  ToolCallView,
} from "./engine/resources/settings.ts";
export type { Environment } from "./protocols/environment.ts";

// A run, its events and its result; edits of a run.
export { Run, type RunResult } from "./engine/flow/run.ts";
export type { ResumeOptions, RunOptions, StartOptions, StepOptions } from "./engine/flow/run-options.ts";
export type { RunEvent } from "./engine/agent/run-event.ts";
export { RunError } from "./engine/flow/run-error.ts";
export type { ConfigPatch, Edit } from "./data/edit.ts";

// The graph of a run: edited, forked, kept in memory or as one file.
export { Graph } from "./data/graph/graph.ts";
export { ROOT } from "./data/ids.ts";
export { applyEdit } from "./data/graph/apply-edit.ts";
export { type ForkKeep, type ForkPlan, planFork } from "./data/graph/plan-fork.ts";
export { type LoadedTrace, loadTrace, saveTrace } from "./engine/store/trace.ts";
export { memoryStores } from "./engine/store/memory-store.ts";

// Its nodes.
export type {
  RunNode,
  ChainNode,
  QueryNode,
  ActionNode,
  ObservationNode,
  SupervisingNode,
  ResumeNode,
  ResultNode,
  ErrorNode,
  CallNode,
  NodeType,
  Outcome,
  ErrorData,
  ErrorKind,
} from "./data/node.ts";
export { endsAgent } from "./data/node.ts";
export { isJsonObject, type JsonObject, type JsonSchema, type JsonValue } from "./data/json.ts";

// Errors.
export { RLMError, type RLMErrorCode } from "./errors.ts";

// Tools, and the schemas of inputs and answers.
export { defineTool, type ToolDefinition } from "./engine/tool/define-tool.ts";
export { functionTool } from "./engine/tool/function-tool.ts";
export type { SchemaLike, Tool, ToolContext } from "./protocols/tool.ts";
export { typedSchema } from "./schema/typed-schema.ts";
export { type DescribedSchema, withJsonSchema } from "./schema/standard-schema.ts";

// Clients, and what requests use.
export type {
  Client,
  ChatOptions,
  Message,
  Reply,
  RequestFailureDetails,
} from "./protocols/client.ts";
export type { FinishReason, RequestFailure } from "./data/node.ts";
export { UNKNOWN_USAGE, type Usage, type UsageTotal } from "./data/usage.ts";

// Runtimes: `@rlmflow/core/driver` has what their authors need.
export type { Runtime } from "./protocols/runtime.ts";

// Prompts.
export { type AgentView, PromptBuilder, type SectionText, defaultPrompt } from "./rules/prompt.ts";
