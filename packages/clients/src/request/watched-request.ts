// One request under watch.
//
// Owns: the idle and the total timer, the signal that closes the connection, the gate before `onText`.
// Does not own: what is sent, how the answer is read, what an SDK's error means.
//
// 1. The promise settles as soon as the request is over, aborted or out of time, whatever the SDK does then.
// 2. Once it has settled both timers are off and no text goes out. The connection is closed, unless the reply
//    was complete: then it has a second to end by itself, so that the next request may use it.
// 3. Every byte of a response is a sign of life, comments and pings included.
// 4. A reply whose end was announced is complete: a connection that fails after that does not undo it.

import { type ChatOptions, type Reply, RLMError, type Usage } from "@rlmflow/core";
import { livelyFetch } from "./lively-fetch.ts";
import { requestFailed } from "./request-failure.ts";

const LINGER_MS = 1000;

/** How long a request may take. */
export interface RequestLimits {
  /** Milliseconds without a single byte, before the first one and between any two. */
  readonly idleTimeoutMs: number;
  /** Milliseconds from sending to the end of the reply. */
  readonly timeoutMs: number;
}

/** What has arrived of a reply. */
export interface ReplyInProgress {
  /** The reply once the provider has said why it stopped, else `null`. */
  finished(): Reply | null;
  /** What is known so far, `null` for each part that is not. */
  usage(): Usage;
}

/** What the code that talks to an SDK is given. */
export interface RequestWatch {
  /** Closes the connection. */
  readonly signal: AbortSignal;
  /** The `fetch` to send with: it notices signs of life. */
  readonly fetch: typeof globalThis.fetch;
  /** Hands a piece of text to the caller. */
  emit(delta: string): void;
}

/** One request: how it is sent, where its reply gathers, what an error of its SDK means. */
export interface WatchedRequest {
  readonly provider: string;
  readonly limits: RequestLimits;
  readonly chat: ChatOptions;
  readonly progress: ReplyInProgress;
  send(watch: RequestWatch): Promise<void>;
  failureOf(error: unknown): RLMError;
}

/** Sends the request and gives the complete reply; rejects as `Client` promises. */
export async function watchRequest(request: WatchedRequest): Promise<Reply> {
  const { chat, progress, provider } = request;
  if (chat.signal?.aborted) throw abortFailure(request);
  const watch = startWatch(request);
  let complete = false;
  try {
    await Promise.race([request.send(watch), watch.interrupted]);
    complete = progress.finished() !== null;
  } catch (error) {
    if (chat.signal?.aborted) throw abortFailure(request);
    const reply = progress.finished();
    if (reply !== null) return reply;
    throw withUsage(RLMError.is(error) ? error : request.failureOf(error), progress.usage());
  } finally {
    watch.end(complete);
  }
  const reply = progress.finished();
  if (reply !== null) return reply;
  const message = `${provider}: the reply ended before the model said that it was done.`;
  throw withUsage(requestFailed(message, { reason: "incomplete" }), progress.usage());
}

function startWatch({ provider, limits, chat }: WatchedRequest) {
  const connection = new AbortController();
  const interruption = Promise.withResolvers<never>();
  let open = true;
  const interrupt = (failure: unknown) => {
    interruption.reject(failure);
    connection.abort(failure);
  };
  const idle = setTimeout(
    () => interrupt(timeoutFailure(provider, "idleTimeoutMs", limits)),
    limits.idleTimeoutMs,
  );
  const total = setTimeout(() => interrupt(timeoutFailure(provider, "timeoutMs", limits)), limits.timeoutMs);
  const abort = () => interrupt(chat.signal?.reason);
  chat.signal?.addEventListener("abort", abort, { once: true });
  return {
    signal: connection.signal,
    interrupted: interruption.promise,
    fetch: livelyFetch(() => {
      if (open) idle.refresh();
    }),
    emit(delta: string) {
      if (open && delta !== "") tell(chat.onText, delta);
    },
    end(complete: boolean) {
      open = false;
      clearTimeout(idle);
      clearTimeout(total);
      chat.signal?.removeEventListener("abort", abort);
      if (complete) setTimeout(() => connection.abort(), LINGER_MS).unref();
      else connection.abort();
    },
  };
}

function tell(onText: ChatOptions["onText"], delta: string): void {
  try {
    onText?.(delta);
  } catch {
    // The contract of `onText`: what it throws does not concern the request.
  }
}

function timeoutFailure(provider: string, option: keyof RequestLimits, limits: RequestLimits): RLMError {
  const what = option === "timeoutMs" ? "was not over" : "was silent";
  const message = `${provider}: the request ${what} after ${limits[option]} ms, the limit set by ${option}.`;
  return requestFailed(message, { reason: "timeout" });
}

function abortFailure({ provider, chat, progress }: WatchedRequest): RLMError {
  const message = `${provider}: the request was aborted by its caller.`;
  return withUsage(requestFailed(message, { reason: "aborted" }, chat.signal?.reason), progress.usage());
}

/** The failure with what the request consumed, where anything is known of it. */
function withUsage(failure: RLMError, usage: Usage): RLMError {
  if (Object.values(usage).every((part) => part === null)) return failure;
  const { code, message, cause, details } = failure;
  return new RLMError(code, message, { cause, details: { ...details, usage } });
}
