import { type FinishReason, type Reply, UNKNOWN_USAGE, type Usage } from "@rlmflow/core";
import { member } from "../request/member.ts";
import { reportedCount } from "../request/reported-count.ts";
import type { ReplyInProgress } from "../request/watched-request.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["refusal", "refused"],
  ["tool_use", "other"],
  ["pause_turn", "other"],
]);

/** A reply that gathers from the events of a Messages stream. */
export interface MessageReply extends ReplyInProgress {
  /** Takes the next event and the message so far, as the SDK keeps it, and gives the text in the event. */
  add(event: unknown, snapshot: unknown): string;
}

/** An empty reply of a model that is called so until the server names it otherwise. */
export function messageReply(requestedModel: string): MessageReply {
  let text = "";
  let message: unknown = null;
  let counted = false;
  return {
    add(event, snapshot) {
      message = snapshot;
      if (member(event, "type") === "message_delta") counted = true;
      const piece = textOf(event);
      text += piece;
      return piece;
    },
    finished(): Reply | null {
      const reason = member(message, "stop_reason");
      if (typeof reason !== "string") return null;
      const named = member(message, "model");
      return {
        text,
        finishReason: FINISH_REASONS.get(reason) ?? "other",
        usage: messageUsage(member(message, "usage"), counted),
        model: typeof named === "string" && named !== "" ? named : requestedModel,
      };
    },
    usage: () => messageUsage(member(message, "usage"), counted),
  };
}

function textOf(event: unknown): string {
  const piece = member(member(event, "delta"), "text") ?? member(member(event, "content_block"), "text");
  return typeof piece === "string" ? piece : "";
}

/**
 * The API counts what it read from and wrote to its cache apart from the other input tokens. The output is
 * known only at the end: what `message_start` says of it is a beginning.
 */
function messageUsage(usage: unknown, counted: boolean): Usage {
  const fresh = reportedCount(member(usage, "input_tokens"));
  if (fresh === null) return UNKNOWN_USAGE;
  const read = reportedCount(member(usage, "cache_read_input_tokens"));
  const written = reportedCount(member(usage, "cache_creation_input_tokens"));
  const details = member(usage, "output_tokens_details");
  return {
    input: fresh + (read ?? 0) + (written ?? 0),
    cached: read,
    output: counted ? reportedCount(member(usage, "output_tokens")) : null,
    reasoning: counted ? reportedCount(member(details, "thinking_tokens")) : null,
    costMicroUsd: null,
  };
}
