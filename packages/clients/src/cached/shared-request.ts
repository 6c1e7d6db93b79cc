// One request for several callers who ask the same at the same time.
//
// Owns: the request's own abort signal, the text so far, the callers that still wait.
// Does not own: which requests are equal, what is kept of a reply.
//
// 1. The request goes on while at least one caller waits, and is aborted when the last one has left.
// 2. A caller that joins late is given the text so far as one piece, then each piece as it arrives. If it joins from
//    within `onText`, the current piece is part of that text.
// 3. Of the callers that wait to the end, the earliest one pays; the reply costs the others nothing.

import { type ChatOptions, type Reply, RLMError } from "@rlmflow/core";

/** A request that callers may join and leave. */
export interface SharedRequest {
  /** False once every caller has left: nobody may join any more. */
  readonly joinable: boolean;
  /** Resolves when the request is over, whatever became of it. */
  readonly ended: Promise<void>;
  /** The reply for one more caller; rejects with `aborted` when that caller's signal says so. */
  join(chat: ChatOptions): Promise<Reply>;
}

/** What the shared request hands its text to, and the signal that ends it. */
export type SharedSend = (signal: AbortSignal, onText: (delta: string) => void) => Promise<Reply>;

/** Starts the request at once; the first `join` must follow in the same turn of the event loop. */
export function sharedRequest(send: SharedSend): SharedRequest {
  const connection = new AbortController();
  const waiting = new Set<ChatOptions>();
  let payer: ChatOptions | undefined;
  let text = "";
  const reply = send(connection.signal, (delta) => {
    text += delta;
    for (const chat of [...waiting]) if (!chat.signal?.aborted) tell(chat, delta);
  });
  const ended = reply.then(
    () => undefined,
    () => undefined,
  );
  return {
    ended,
    get joinable() {
      return !connection.signal.aborted;
    },
    async join(options) {
      const chat = { ...options };
      waiting.add(chat);
      if (text !== "") tell(chat, text);
      try {
        const complete = await unlessAborted(reply, chat.signal);
        payer ??= waiting.values().next().value;
        return payer === chat ? complete : free(complete);
      } finally {
        leave(chat);
      }
    },
  };
  function leave(chat: ChatOptions): void {
    waiting.delete(chat);
    if (waiting.size === 0) connection.abort();
  }
}

/** The reply as one that costs nothing: the tokens were read and written once, for another caller. */
export function free(reply: Reply): Reply {
  return { ...reply, usage: { ...reply.usage, costMicroUsd: 0 } };
}

/** Hands a piece of text to a caller; what the caller throws does not concern the request. */
export function tell({ onText }: ChatOptions, delta: string): void {
  try {
    if (delta !== "") onText?.(delta);
  } catch {
    // The contract of `onText`.
  }
}

/** The failure of a request whose caller has lost interest. */
export function abortFailure(signal: AbortSignal): RLMError {
  const message = "cached: the request was aborted by its caller.";
  return new RLMError("request_failed", message, { cause: signal.reason, details: { reason: "aborted" } });
}

async function unlessAborted(reply: Promise<Reply>, signal: AbortSignal | undefined): Promise<Reply> {
  if (signal === undefined) return reply;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(abortFailure(signal));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([aborted.promise, reply]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
