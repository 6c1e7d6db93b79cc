// One request under watch.
//
// Owns: the idle and the total timer, the signal that closes the connection, the gate before `onText`.
// Does not own: what is sent, how the answer is read, what an SDK's error means.
//
// 1. The promise settles as soon as the request is over, aborted or out of time, whatever the SDK does then.
// 2. After it has settled both timers are off, and `onText` is not called. The connection is closed; only if the reply was
//    complete, it gets a second to end by itself, so that the next request may use it.
// 3. Every byte of a response is a sign of life, comments and pings included.
// 4. A reply whose end was announced is complete: a connection that fails after that does not undo it.

import { type ChatOptions, type Reply, RLMError, type Usage } from "@rlmflow/core";
import { type AnswerReading, answerValues, noReply } from "./answer-values.ts";
import { providerFetch } from "./provider-fetch.ts";
import { requestFailed } from "./request-failed.ts";
import {
  answerFailure,
  brokenOffFailure,
  connectionFailure,
  type FailureContext,
  requestTo,
} from "./request-failure.ts";

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
  /** Takes the next value of the answer and gives the text in it. */
  add(value: unknown): string;
  /** True once any part of a reply has arrived. */
  readonly started: boolean;
  /** True once the provider has said that the reply is over. */
  readonly over: boolean;
  /** The reply once the provider has said why it stopped, else `null`. */
  finished(): Reply | null;
  /** The provider's word for why it broke off, or `null` if it did not. */
  brokenOff(): string | null;
  /** What is known so far, `null` for each part that is not. */
  usage(): Usage;
}

/** What the code that talks to an SDK is given. */
export interface RequestWatch {
  /** Closes the connection. */
  readonly signal: AbortSignal;
  /** The `fetch` to send with: it resets the idle timer, and throws the failure for an answer with an error. */
  readonly fetch: typeof globalThis.fetch;
}

/** One request: how it is sent, where its reply is collected, and which secrets must stay out of messages. */
export interface WatchedRequest {
  readonly provider: string;
  readonly limits: RequestLimits;
  readonly chat: ChatOptions;
  readonly progress: ReplyInProgress;
  readonly secrets: readonly string[];
  /** False if the server gets a placeholder for a key. */
  readonly keySent: boolean;
  /** Sends the request through an SDK and resolves with the unread response. */
  send(watch: RequestWatch): Promise<Response>;
}

/** Sends the request and gives the complete reply; rejects as `Client` promises. */
export async function watchRequest(request: WatchedRequest): Promise<Reply> {
  const { chat, progress } = request;
  if (chat.signal?.aborted) throw abortFailure(request);
  const watch = startWatch(request);
  let complete = false;
  try {
    await Promise.race([receive(request, watch), watch.interrupted]);
    const reply = progress.finished();
    complete = reply !== null;
    if (reply !== null) return reply;
  } catch (error) {
    if (chat.signal?.aborted) throw abortFailure(request);
    const reply = progress.finished();
    if (reply !== null) return reply;
    const failure =
      watch.refusal() ?? (RLMError.is(error) ? error : connectionFailure(watch.context(), error));
    throw withUsage(failure, progress.usage());
  } finally {
    watch.end(complete);
  }
  throw withUsage(watch.endedEarly(progress.brokenOff()), progress.usage());
}

type Watch = ReturnType<typeof startWatch>;

async function receive({ send, progress }: WatchedRequest, watch: Watch): Promise<void> {
  const response = await send(watch);
  const values: unknown[] = [];
  for await (const value of answerValues(response.body ?? new Blob([]).stream(), watch.reading)) {
    const text = progress.add(value);
    const { started, over } = progress;
    if (!started) values.push(value);
    if (text !== "") watch.emit(text);
    if (over) break;
  }
  // The answer was JSON that is neither a reply nor an error.
  const [first] = values;
  if (!progress.started && typeof first === "object" && values.length === 1)
    throw noReply(first, watch.reading);
}

function startWatch({ provider, limits, chat, secrets, keySent }: WatchedRequest) {
  const connection = new AbortController();
  const interruption = Promise.withResolvers<never>();
  let open = true;
  let address: string | undefined;
  let refusal: RLMError | null = null;
  const context = (): FailureContext => ({
    provider,
    secrets,
    keySent,
    ...(address !== undefined && { address }),
  });
  const interrupt = (failure: unknown) => {
    interruption.reject(failure);
    connection.abort(failure);
  };
  const outOfTime = (option: keyof RequestLimits) => () =>
    interrupt(timeoutFailure(requestTo(context()), option, limits));
  const idle = setTimeout(outOfTime("idleTimeoutMs"), limits.idleTimeoutMs);
  const total = setTimeout(outOfTime("timeoutMs"), limits.timeoutMs);
  const abort = () => interrupt(chat.signal?.reason);
  chat.signal?.addEventListener("abort", abort, { once: true });
  let stray = "";
  const reading: AnswerReading = {
    refused(answer) {
      refusal = answerFailure(context(), answer);
      return refusal;
    },
    brokenOff: (sent) => brokenOffFailure(context(), "the reply broke off", sent),
    strayed(text) {
      stray = text;
    },
  };
  return {
    context,
    reading,
    /** The failure for a stream that ended too soon. Text that the server wrote between the events may say why. */
    endedEarly(word: string | null): RLMError {
      const explained = stray === "" ? null : answerFailure(context(), { body: stray });
      if (explained !== null && explained.details.reason !== "unknown") return explained;
      const what = word === null ? "ended before the model said that it was done" : `was broken off: ${word}`;
      return brokenOffFailure(context(), `the reply ${what}`, stray);
    },
    refusal: (): RLMError | null => refusal,
    signal: connection.signal,
    interrupted: interruption.promise,
    fetch: providerFetch({
      alive() {
        if (open) idle.refresh();
      },
      sending(to) {
        address = to;
      },
      refused: reading.refused,
    }),
    emit(delta: string) {
      if (open) tell(chat.onText, delta);
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

function timeoutFailure(what: string, option: keyof RequestLimits, limits: RequestLimits): RLMError {
  const state = option === "timeoutMs" ? "was not over" : "was silent";
  const message = `${what} ${state} after ${limits[option]} ms, the limit set by ${option}.`;
  return requestFailed(message, { reason: "timeout" });
}

function abortFailure({ provider, chat, progress }: WatchedRequest): RLMError {
  const message = `${provider}: the request was aborted by its caller.`;
  return withUsage(
    requestFailed(message, { reason: "aborted" }, { cause: chat.signal?.reason }),
    progress.usage(),
  );
}

/** The failure with what the request consumed, where anything is known of it. */
function withUsage(failure: RLMError, usage: Usage): RLMError {
  if (Object.values(usage).every((part) => part === null)) return failure;
  const { code, message, cause, details } = failure;
  return new RLMError(code, message, { cause, details: { ...details, usage } });
}
