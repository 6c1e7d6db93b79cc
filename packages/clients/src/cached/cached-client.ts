import { createHash } from "node:crypto";
import type { ChatOptions, Client, JsonObject, Message, Reply } from "@rlmflow/core";
import { checkOptions, requiredText, text } from "../request/option-rules.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type ReplyStore, replyStore } from "./reply-store.ts";
import { abortFailure, free, type SharedRequest, type SharedSend, sharedRequest } from "./shared-request.ts";

/** Options of `cachedClient`. */
export interface CachedClientOptions {
  /** Where replies are kept; made when the first one is. May be shared by processes and by models. */
  readonly directory: string;
  /** Names what else changes the replies and is not in a request: effort, extra fields, a sample's number. */
  readonly variant?: string;
}

const KEY_FORMAT = 1;

/**
 * A client that asks once and remembers: equal requests (model, messages, bound on output, schema, variant)
 * are answered from disk, and asked once when they come at the same time. A remembered reply arrives as one
 * piece of text, with its recorded tokens and a cost of 0. Only complete replies are kept: no failures, and no replies
 * that are empty, were cut or filtered, or ended for an unknown reason.
 */
export function cachedClient(client: Client, options: CachedClientOptions): Client {
  checkOptions("cachedClient", options, { directory: requiredText, variant: text });
  const store = forgivingStore(options.directory);
  const running = new Map<string, SharedRequest>();
  return {
    protocol: 1,
    model: client.model,
    async chat(messages, chat = {}) {
      if (chat.signal?.aborted) throw abortFailure(chat.signal);
      const digest = requestDigest({ model: client.model, variant: options.variant ?? null, messages, chat });
      const known = running.get(digest);
      if (known?.joinable) return known.join(chat);
      const shared = sharedRequest(
        recalled(store, digest, (signal, onText) => client.chat(messages, { ...chat, signal, onText })),
      );
      running.set(digest, shared);
      shared.ended.then(() => {
        if (running.get(digest) === shared) running.delete(digest);
      });
      return shared.join(chat);
    },
  };
}

/** Answers from the store, else asks the client and keeps what it says before anyone is told. */
function recalled(store: ReplyStore, digest: string, ask: SharedSend): SharedSend {
  return async (signal, onText) => {
    const kept = await store.get(digest);
    // An older version may have kept replies that were cut.
    if (kept !== null && isComplete(kept)) {
      onText(kept.text);
      return free(kept);
    }
    const reply = await ask(signal, onText);
    if (isComplete(reply)) await store.put(digest, reply);
    return reply;
  };
}

/** A reply that was cut must not be returned again after the bound that cut it was raised. */
function isComplete({ text, finishReason }: Reply): boolean {
  return text.trim() !== "" && finishReason === "stop";
}

/** The store, but a reply that cannot be kept is still a reply: that is a warning, given once. */
function forgivingStore(directory: string): ReplyStore {
  const store = replyStore(directory);
  let warned = false;
  return {
    get: (digest) => store.get(digest),
    async put(digest, reply) {
      try {
        await store.put(digest, reply);
      } catch (error) {
        if (!warned)
          process.emitWarning(`cachedClient cannot keep replies in ${directory}: ${String(error)}`);
        warned = true;
      }
    },
  };
}

interface RequestIdentity {
  readonly model: string;
  readonly variant: string | null;
  readonly messages: readonly Message[];
  readonly chat: ChatOptions;
}

function requestDigest({ model, variant, messages, chat }: RequestIdentity): string {
  const identity: JsonObject = {
    format: KEY_FORMAT,
    model,
    variant,
    messages: messages.map(({ role, content }) => ({ role, content })),
    maxOutputTokens: chat.maxOutputTokens ?? null,
    output: chat.output ?? null,
  };
  return createHash("sha256").update(canonicalJson(identity)).digest("hex");
}
