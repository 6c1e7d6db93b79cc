export type { AgentConfig } from "./data/agent-config.ts";
export { counted } from "./data/counted.ts";
export { decodeEdit } from "./data/decode/decode-edit.ts";
export { decodeNode } from "./data/decode/decode-node.ts";
export { decodeRunInfo } from "./data/decode/decode-run-info.ts";
export { isKnownFormat } from "./data/decode/migrations.ts";
export type { ConfigPatch, Edit } from "./data/edit.ts";
export { mayOpenAgain } from "./data/ends.ts";
export { applyEdit } from "./data/graph/apply-edit.ts";
export type { AppendRequest } from "./data/graph/check-append.ts";
export { checkAppend } from "./data/graph/check-append.ts";
export type { GraphDocument } from "./data/graph/graph.ts";
export { Graph } from "./data/graph/graph.ts";
export type { ForkKeep, ForkPlan } from "./data/graph/plan-fork.ts";
export { planFork } from "./data/graph/plan-fork.ts";
export type { JsonObject, JsonSchema, JsonValue } from "./data/json.ts";
export { deepFreeze, isJsonObject } from "./data/json.ts";
export type {
  ActionNode,
  Attempt,
  BlobRef,
  BlockRecord,
  CallNode,
  ChainNode,
  ContextRead,
  ContextRef,
  Cut,
  ErrorData,
  ErrorKind,
  ErrorNode,
  FinishReason,
  KernelInfo,
  NodeType,
  ObservationNode,
  Origin,
  Outcome,
  QueryNode,
  RequestFailure,
  ResultNode,
  ResumeNode,
  RunNode,
  SupervisingNode,
  VariableSummary,
  Wait,
} from "./data/node.ts";
export { endsAgent } from "./data/node.ts";
export { effectKey, parentAgent, ROOT } from "./data/node-id.ts";
export { nodeUsage } from "./data/node-usage.ts";
export type { BranchInfo, RunInfo } from "./data/run-info.ts";
export { FORMAT, isRunName } from "./data/run-info.ts";
export { sentence, sentences } from "./data/sentences.ts";
export type { Usage, UsageTotal } from "./data/usage.ts";
export { addUsage, mergeUsage, UNKNOWN_USAGE, ZERO_USAGE } from "./data/usage.ts";
export type { ContextInput, ContextsInput } from "./engine/agent/contexts.ts";
export type { RunEvent } from "./engine/agent/run-event.ts";
export { RLMFlow } from "./engine/flow/flow.ts";
export type { FlowOptions, FlowParts, ModelOption } from "./engine/flow/flow-options.ts";
export { Run, type RunResult } from "./engine/flow/run.ts";
export { RunError } from "./engine/flow/run-error.ts";
export type { ResumeOptions, RunOptions, StartOptions, StepOptions } from "./engine/flow/run-options.ts";
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
export { type Requirements, requirementsOf } from "./engine/run/resume/requirements.ts";
export type { Resumed } from "./engine/run/resume/resumed.ts";
export { checkPayloads } from "./engine/store/check-payloads.ts";
export { closablePayloads as guardedPayloads } from "./engine/store/closable-payloads.ts";
export { memoryStores } from "./engine/store/memory-store.ts";
export type { LoadedTrace, PayloadSource, Traceable } from "./engine/store/trace.ts";
export { blobsOf, loadTrace, saveTrace, traceText } from "./engine/store/trace.ts";
export type { ToolDefinition } from "./engine/tool/define-tool.ts";
export { defineTool } from "./engine/tool/define-tool.ts";
export { functionTool } from "./engine/tool/function-tool.ts";
export type { RLMErrorCode, RLMErrorOptions } from "./errors.ts";
export { RLMError } from "./errors.ts";
export type {
  ChatOptions,
  Client,
  Message,
  Reply,
  RequestFailureDetails,
  ToolCall,
} from "./protocols/client.ts";
export type { Environment } from "./protocols/environment.ts";
export type { Inbox, InboxEntry, InboxFate, InboxRequest, RunControl } from "./protocols/inbox.ts";
export type { Kernel, KernelPromptOptions, PromptSection, ToolParameter } from "./protocols/kernel.ts";
export type {
  Answer,
  Block,
  BuiltinCall,
  Call,
  ContextPayload,
  ContextSlice,
  DelegateOptions,
  HandleRef,
  PassedContext,
  QueryOptions,
  ReplSession,
  ReplSpec,
  Runtime,
  Turn,
  TurnState,
} from "./protocols/runtime.ts";
export type { PayloadReader, PayloadStore, RunStores, Store } from "./protocols/store.ts";
export type { SchemaLike, Tool, ToolContext } from "./protocols/tool.ts";
export type { RunConfig } from "./rules/limits.ts";
export { defaultPrompt } from "./rules/prompt/default-prompt.ts";
export { type AgentView, PromptBuilder, type SectionText } from "./rules/prompt/prompt-builder.ts";
export type { ResolvedSchema, SchemaCheck } from "./schema/schema.ts";
export { resolveSchema } from "./schema/schema.ts";
export type { DescribedSchema } from "./schema/standard-schema.ts";
export { withJsonSchema } from "./schema/standard-schema.ts";
export { typedSchema } from "./schema/typed-schema.ts";
