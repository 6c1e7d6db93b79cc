import type {
  ActionNode,
  CallNode,
  ErrorKind,
  ErrorNode,
  FinishReason,
  LanguageInfo,
  ObservationNode,
  Origin,
  QueryNode,
  ResultNode,
  ResumeNode,
  RunNode,
  SupervisingNode,
} from "../node.ts";
import { blobRef, block, contextRef, outcome, wait } from "./block-check.ts";
import {
  amount,
  type Check,
  count,
  digest,
  exactly,
  type Fault,
  fault,
  flag,
  inField,
  isPlainObject,
  json,
  jsonObject,
  jsonSchema,
  listOf,
  name,
  nullable,
  oneOf,
  optional,
  record,
  text,
  variant,
} from "./check.ts";
import { agentConfig, edit } from "./config-check.ts";
import { attempt, usage } from "./usage-check.ts";

const COMMON = {
  id: name,
  agentId: name,
  parentId: nullable(name),
  n: count,
  startedAt: amount,
  endedAt: amount,
  origin: oneOf<Origin>({ engine: true, user: true, policy: true }),
  entry: optional(name),
} as const;

type Fields = Readonly<Record<string, unknown>>;

/** A field that is `null` because its value is kept apart must say where. */
function keptApart(node: Fields, holder: Fields, field: string): Fault | null {
  if (holder[field] !== null || (isPlainObject(node.blobs) && node.blobs[field] !== undefined)) return null;
  return inField("blobs", inField(field, fault(`a blob, since ${field} is null`, undefined)));
}

function outputKeptApart(node: Fields): Fault | null {
  return isPlainObject(node.block) ? keptApart(node, node.block, "output") : null;
}

const query: Check<QueryNode> = record<QueryNode>(
  {
    type: exactly("query"),
    ...COMMON,
    query: text,
    ordinal: count,
    depth: count,
    systemPrompt: nullable(text),
    config: agentConfig,
    contexts: listOf(contextRef),
    input: optional(text),
    output: nullable(jsonSchema),
    globals: jsonObject,
    tools: listOf(name),
    seed: text,
    interpreter: text,
    language: record<LanguageInfo>({ name: text, engine: text }),
    metadata: optional(jsonObject),
    blobs: optional(record<NonNullable<QueryNode["blobs"]>>({ systemPrompt: optional(blobRef) })),
  },
  (node) => keptApart(node, node, "systemPrompt"),
);

const action: Check<ActionNode> = record<ActionNode>({
  type: exactly("action"),
  ...COMMON,
  reply: text,
  code: nullable(text),
  notice: nullable(text),
  model: text,
  usage,
  finishReason: oneOf<FinishReason>({ stop: true, length: true, filtered: true, refused: true, other: true }),
  request: digest,
  requestDigest: optional(exactly("chain")),
  attempts: listOf(attempt),
  final: flag,
  limit: optional(record<NonNullable<ActionNode["limit"]>>({ name: text, value: amount })),
  replaces: optional(name),
});

const call: Check<CallNode> = record<CallNode>(
  {
    type: exactly("call"),
    ...COMMON,
    index: count,
    name,
    args: nullable(listOf(json)),
    changedArgs: optional(nullable(listOf(json))),
    outcome: nullable(outcome),
    intent: optional(exactly(true)),
    undelivered: optional(exactly(true)),
    usage: optional(usage),
    attempts: optional(listOf(attempt)),
    blobs: optional(
      record<NonNullable<CallNode["blobs"]>>({
        args: optional(blobRef),
        outcome: optional(blobRef),
        changedArgs: optional(blobRef),
      }),
    ),
  },
  (node) =>
    keptApart(node, node, "args") ??
    keptApart(node, node, "changedArgs") ??
    (node.intent === undefined ? keptApart(node, node, "outcome") : null),
);

const blockBlobs = optional(record<NonNullable<ResumeNode["blobs"]>>({ output: optional(blobRef) }));

const observation: Check<ObservationNode> = record<ObservationNode>(
  {
    type: exactly("observation"),
    ...COMMON,
    content: text,
    block: optional(block),
    edit: optional(edit),
    blobs: blockBlobs,
  },
  outputKeptApart,
);

const supervising: Check<SupervisingNode> = record<SupervisingNode>(
  { type: exactly("supervising"), ...COMMON, waits: listOf(wait), block, blobs: blockBlobs },
  outputKeptApart,
);

const resume: Check<ResumeNode> = record<ResumeNode>(
  { type: exactly("resume"), ...COMMON, resumedFrom: name, content: text, block, blobs: blockBlobs },
  outputKeptApart,
);

const error: Check<ErrorNode> = record<ErrorNode>(
  {
    type: exactly("error"),
    ...COMMON,
    kind: oneOf<ErrorKind>({
      no_code: true,
      unclosed_code: true,
      syntax_error: true,
      exception: true,
      deadlock: true,
      block_limit: true,
      sandbox_lost: true,
      request_failed: true,
      refused: true,
      limit_reached: true,
      cancelled: true,
      replay_diverged: true,
      runtime_failed: true,
    }),
    message: text,
    content: text,
    fatal: flag,
    limit: optional(record<NonNullable<ErrorNode["limit"]>>({ name: text, value: amount })),
    block: optional(block),
    attempts: optional(listOf(attempt)),
    dropped: optional(name),
    details: optional(jsonObject),
    blobs: blockBlobs,
  },
  outputKeptApart,
);

const result: Check<ResultNode> = record<ResultNode>(
  {
    type: exactly("result"),
    ...COMMON,
    result: json,
    cancelled: listOf(name),
    block: optional(block),
    blobs: optional(
      record<NonNullable<ResultNode["blobs"]>>({ result: optional(blobRef), output: optional(blobRef) }),
    ),
  },
  outputKeptApart,
);

/** Every field of every node type. */
export const node: Check<RunNode> = variant<RunNode, "type">("type", {
  query,
  action,
  call,
  observation,
  supervising,
  resume,
  error,
  result,
});
