import { chainNodeId } from "../../data/ids.ts";
import { deepFreeze, type JsonValue } from "../../data/json.ts";
import type { BlobRef, CallNode, ChainNode, Origin } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { PayloadStore } from "../../protocols/store.ts";

type Common = "id" | "agentId" | "parentId" | "n" | "startedAt" | "endedAt" | "origin";
type DraftOf<N> = N extends ChainNode
  ? Omit<N, Common> & { readonly startedAt?: number; readonly origin?: Origin; readonly parentId?: string }
  : never;

/** A chain node without what the log gives it: its id, place, end and, unless stated, its start and origin. */
export type ChainDraft = DraftOf<ChainNode>;

/** A call without what the log gives it. */
export type CallDraft = Pick<
  CallNode,
  "index" | "name" | "outcome" | "usage" | "attempts" | "intent" | "undelivered"
> & {
  readonly origin?: Origin;
  readonly args: readonly JsonValue[];
  readonly changedArgs?: readonly JsonValue[];
  readonly startedAt: number;
};

/** Where a chain node stands: its place in the chain, its `n` in the agent's log, and the time in epoch milliseconds. */
export interface ChainPosition {
  readonly agentId: string;
  readonly place: number;
  readonly n: number;
  readonly now: number;
}

/** The node that a draft becomes. */
export function chainNode(draft: ChainDraft, { agentId, place, n, now }: ChainPosition): ChainNode {
  const common = {
    id: chainNodeId(agentId, place),
    agentId,
    parentId: place === 0 ? null : chainNodeId(agentId, place - 1),
    n,
    startedAt: now,
    endedAt: now,
    origin: "engine" as const,
  };
  return deepFreeze({ ...common, ...draft });
}

/** JSON texts of more bytes than this become blobs. */
export const INLINE_BYTES: number = 64 * 1024;

/** Texts up to this length are small in any case: a UTF-16 unit takes at most six bytes of JSON, `\u0000`. */
const SHORT_TEXT = Math.floor((INLINE_BYTES - 2) / 6);

/** A value as a node keeps it: inline, or by reference when it is large. */
export interface Packed<T> {
  readonly inline: T | null;
  readonly blob?: BlobRef;
}

/** The value as a node keeps it: a large one is put into the store first. Rejects as the store does, or with `store_failed`. */
export async function pack<T>(payloads: PayloadStore, value: T): Promise<Packed<T>> {
  if (value === null || (typeof value === "string" && value.length <= SHORT_TEXT)) return { inline: value };
  const text = JSON.stringify(value);
  // A UTF-16 unit takes at most three bytes, so short texts need no exact count.
  const large =
    text.length > INLINE_BYTES || (text.length * 3 > INLINE_BYTES && utf8Bytes(text) > INLINE_BYTES);
  if (!large) return { inline: value };
  const blob = await payloads.putBlob(text).catch((cause: unknown) => {
    if (RLMError.is(cause)) throw cause;
    throw new RLMError("store_failed", `The store could not keep a value: ${String(cause)}`, { cause });
  });
  return { inline: null, blob };
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
