import type {
  BlobRef,
  BlockRecord,
  ContextRead,
  ContextRef,
  Cut,
  ErrorData,
  Outcome,
  VariableSummary,
  Wait,
} from "../node.ts";
import {
  amount,
  type Check,
  count,
  digest,
  exactly,
  fault,
  flag,
  json,
  jsonObject,
  listOf,
  MAX_JSON_DEPTH,
  name,
  nullable,
  optional,
  record,
  text,
  trueOrFalse,
} from "./check.ts";

/** Where a large value is kept. */
export const blobRef: Check<BlobRef> = record<BlobRef>({ digest, bytes: count });

const cut: Check<Cut> = record<Cut>({ kept: count, total: count });

const variable: Check<VariableSummary> = record<VariableSummary>({
  name: text,
  type: text,
  size: nullable(count),
  preview: text,
  changed: flag,
});

const contextRead: Check<ContextRead> = record<ContextRead>({ key: text, start: count, end: count });

/** What running code left behind. */
export const block: Check<BlockRecord> = record<BlockRecord>({
  output: nullable(text),
  shown: count,
  cut: optional(cut),
  variables: listOf(variable),
  reads: listOf(contextRead),
  startedAt: amount,
  codeMs: amount,
});

/** A payload an agent was given. */
export const contextRef: Check<ContextRef> = record<ContextRef>({
  key: text,
  characters: count,
  digest,
  range: optional(record<NonNullable<ContextRef["range"]>>({ start: count, end: count })),
  metadata: optional(jsonObject),
});

/** A wait that is not complete. */
export const wait: Check<Wait> = record<Wait>({ index: count, agents: listOf(name) });

function errorAt(depth: number): Check<ErrorData> {
  // Each level is made when a value reaches it: causes are nested, and a chain of them may be hostile.
  const cause: Check<ErrorData> = (value) =>
    depth === MAX_JSON_DEPTH
      ? fault(`nested at most ${MAX_JSON_DEPTH} deep`, value)
      : errorAt(depth + 1)(value);
  return record<ErrorData>({ name: text, message: text, cause: optional(cause) });
}

/** What became of a call. */
export const outcome: Check<Outcome> = trueOrFalse(
  "ok",
  record<Extract<Outcome, { readonly ok: true }>>({ ok: exactly(true), value: json }),
  record<Extract<Outcome, { readonly ok: false }>>({ ok: exactly(false), error: errorAt(0) }),
);
