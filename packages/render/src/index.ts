// What can be derived from a run, pure and without Node: for terminals, pages and programs.

// The run in columns, for viewers of large runs.
export {
  COLUMN_NAMES,
  type ColumnName,
  decodeColumns,
  encodeColumns,
  FLAGS,
  NODE_BYTES,
  NODE_TYPES,
  type NodeColumns,
  NONE,
} from "./skeleton/node-columns.ts";
export { Skeleton, type SkeletonAgent, type SkeletonDrop, type SkeletonWait } from "./skeleton/skeleton.ts";
export { nodeTitle } from "./skeleton/node-title.ts";

// The run at any step: sums and what each agent does.
export {
  type AgentActivity,
  activityAt,
  type RunAtStep,
  RunAtSteps,
  SUMMED,
  type SumName,
  type Sums,
} from "./analysis/run-at-step.ts";

// Who waits for whom, and what the end of the run waited for.
export { criticalPath, type PathSpan } from "./analysis/critical-path.ts";
export { type AwaitedChild, type Blockage, RunWaits, type WaitOutcome } from "./analysis/waits.ts";

// What was read of the contexts.
export {
  contextCoverage,
  coverageBins,
  type PayloadCoverage,
  type PayloadRead,
  type Range,
  unitsIn,
} from "./analysis/coverage.ts";

// What is worth a look.
export { type Finding, type FindingKind, findings } from "./analysis/findings.ts";

// Agents, and the run as a tree of them.
export { type AgentStatus, type AgentSummary, agentTable } from "./tree/agent-table.ts";
export { runTree, type TreeItem, type TreeOptions } from "./tree/run-tree.ts";
export { agentAt, graphAt, nodeAt } from "./graph/find-in-graph.ts";

// Nodes as text.
export { editText, nodeText, nodeTokens, quoted } from "./tree/node-text.ts";
export { nodeMarkdown, type ReadBlob } from "./markdown/node-markdown.ts";
export { codeListing, report } from "./markdown/report.ts";

// Usage as it is told to people.
export { type CostTotal, costText, isCostUnknown } from "./usage/cost-text.ts";
export { type ToldUsage, toldUsage } from "./usage/told-usage.ts";

// Text for terminals and pages.
export { oneLine, plainText } from "./text/plain-text.ts";
export { formatCost, formatCount, formatCounted, formatDuration } from "./text/quantities.ts";
export { ASCII_GLYPHS, type Glyphs, NODE_LETTERS, showsUnicode, UNICODE_GLYPHS } from "./text/glyphs.ts";
