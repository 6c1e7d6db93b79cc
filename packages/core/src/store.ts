// What authors of stores need, and of tools that read runs.

// The protocols of a store.
export type { PayloadReader, PayloadStore, RunStores, Store } from "./protocols/store.ts";
export type { Inbox, InboxEntry, InboxFate, InboxRequest, RunControl } from "./protocols/inbox.ts";
export type { BranchInfo, RunInfo } from "./data/run-info.ts";

// What a store checks and reads back.
export {
  type AppendRequest,
  checkAppend,
  decodeEdit,
  decodeNode,
  decodeRunInfo,
} from "./data/decode/decode.ts";
export { FORMAT } from "./data/run-info.ts";
export { isKnownFormat } from "./data/decode/migrations.ts";
export { deepFreeze } from "./data/json.ts";
export { closablePayloads } from "./engine/store/closable-payloads.ts";
export { checkPayloads } from "./engine/store/check-payloads.ts";

// What must hold in code of ours, and what is thrown where it does not.
export { brokenInvariant, isBrokenInvariant } from "./invariant.ts";

// Runs as values and as files.
export type { GraphDocument } from "./data/graph/graph.ts";
export { blobsOf, type PayloadSource, type Traceable, traceText } from "./engine/store/trace.ts";

// The parts of nodes.
export type {
  Attempt,
  BlobRef,
  BlockRecord,
  ContextRef,
  Origin,
  Wait,
} from "./data/node.ts";
export type { AgentConfig } from "./data/agent-config.ts";
export { effectKey, parentAgent, isRunName } from "./data/ids.ts";
export { nodeUsage } from "./data/node-usage.ts";
export { addUsage, mergeUsage, ZERO_USAGE } from "./data/usage.ts";

// What a run needs to go on, and what a resumed run found.
export { mayOpenAgain } from "./data/may-open-again.ts";
export { type Requirements, requirementsOf } from "./engine/run/resume/requirements.ts";
export type { Resumed } from "./engine/run/resume/resumed.ts";
