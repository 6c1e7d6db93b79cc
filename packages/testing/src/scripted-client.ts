import type { ChatOptions, Client, Message, Reply, RequestFailureDetails, Usage } from "@rlmflow/core";
import { RLMError } from "@rlmflow/core";

/** Who asks a {@link scriptedClient}, and what. */
export interface ScriptedRequest {
  readonly agentId: string;
  /** Place among the agent's replies, from 0: of the one asked for, or of a query the one whose code asks. */
  readonly turn: number;
  readonly purpose: "act" | "query";
  readonly messages: readonly Message[];
}

/** What a script answers: the text alone, or the parts of the reply that matter. */
export type ScriptedReply = string | Partial<Reply>;

/**
 * Replies of the agent `root` by turn, replies of each agent by turn, or a function. Lists answer agents
 * only: a query of running code (`purpose: "query"`) needs the function. What the function throws is the
 * request's failure.
 */
export type Script =
  | readonly string[]
  | Readonly<Record<string, readonly string[]>>
  | ((request: ScriptedRequest) => ScriptedReply | Promise<ScriptedReply>);

/** What a {@link scriptedClient} pretends to be. */
export interface ScriptedClientOptions {
  /** Name of the model. Default `scripted`. */
  readonly model?: string;
  /** Milliseconds a request takes, in all or as a function of the request. Default 0: no timer at all. */
  readonly latencyMs?: number | ((request: ScriptedRequest) => number);
}

/**
 * A client that answers from a script, keyed on agent and turn and never on the order of arrival, so that a
 * run with concurrent agents always sees the same. A request without `caller` counts as one of agent `root`
 * whose turn is the number of assistant messages. Text arrives in pieces; usage is characters / 4.
 */
export function scriptedClient(script: Script, options: ScriptedClientOptions = {}): Client {
  const model = options.model ?? "scripted";
  return {
    protocol: 1,
    model,
    async chat(messages, chat = {}) {
      throwIfAborted(chat.signal);
      const request = requestOf(messages, chat);
      const reply = complete(await unlessAborted(answer(script, request), chat.signal), messages, model);
      await stream(reply.text, latencyOf(options, request), chat);
      return reply;
    },
  };
}

function requestOf(messages: readonly Message[], { caller }: ChatOptions): ScriptedRequest {
  const turn = messages.filter(({ role }) => role === "assistant").length;
  return { agentId: "root", turn, purpose: "act", ...caller, messages };
}

async function answer(script: Script, request: ScriptedRequest): Promise<ScriptedReply> {
  if (typeof script !== "function") return listed(script, request);
  try {
    return await script(request);
  } catch (cause) {
    if (RLMError.is(cause)) throw cause;
    throw failure("invalid_request", `The script threw for ${nameOf(request)}: ${String(cause)}`, cause);
  }
}

function listed(
  script: Exclude<Script, (request: ScriptedRequest) => unknown>,
  request: ScriptedRequest,
): string {
  const replies = isList(script) ? (request.agentId === "root" ? script : []) : repliesOf(script, request);
  const reply = request.purpose === "act" ? replies[request.turn] : undefined;
  if (reply !== undefined) return reply;
  const hint =
    request.purpose === "query"
      ? "Lists answer agents only: give a function that looks at `purpose`."
      : `It has ${replies.length} for this agent: add the missing ones or make the agent end earlier.`;
  throw failure("invalid_request", `The script has no reply for ${nameOf(request)}. ${hint}`);
}

function isList(
  script: readonly string[] | Readonly<Record<string, readonly string[]>>,
): script is readonly string[] {
  return Array.isArray(script);
}

function repliesOf(
  script: Readonly<Record<string, readonly string[]>>,
  request: ScriptedRequest,
): readonly string[] {
  return Object.hasOwn(script, request.agentId) ? (script[request.agentId] ?? []) : [];
}

function nameOf({ agentId, turn, purpose }: ScriptedRequest): string {
  return purpose === "query"
    ? `a query of agent ${agentId} in turn ${turn}`
    : `agent ${agentId}, turn ${turn}`;
}

function complete(reply: ScriptedReply, messages: readonly Message[], model: string): Reply {
  const given = typeof reply === "string" ? { text: reply } : reply;
  const text = given.text ?? "";
  return { finishReason: "stop", usage: estimate(messages, text), model, ...given, text };
}

function estimate(messages: readonly Message[], text: string): Usage {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  return {
    input: Math.ceil(characters / 4),
    cached: null,
    output: Math.ceil(text.length / 4),
    reasoning: null,
    costMicroUsd: null,
  };
}

function latencyOf({ latencyMs = 0 }: ScriptedClientOptions, request: ScriptedRequest): number {
  return typeof latencyMs === "function" ? latencyMs(request) : latencyMs;
}

/** Four pieces, spread evenly over the latency; the last one arrives at its end. */
async function stream(text: string, latencyMs: number, { signal, onText }: ChatOptions): Promise<void> {
  const pieces = inPieces(text, 4);
  for (const piece of pieces) {
    await pause(latencyMs / pieces.length, signal);
    throwIfAborted(signal);
    emit(onText, piece);
  }
}

/** Splits between characters, never inside a surrogate pair; one empty piece for an empty text. */
function inPieces(text: string, count: number): readonly string[] {
  const size = Math.max(1, Math.ceil(text.length / count));
  const pieces: string[] = [];
  let start = 0;
  while (start < text.length) {
    const splitsPair = text.charCodeAt(start + size - 1) >>> 10 === 0x36;
    const end = start + size + (splitsPair ? 1 : 0);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces.length === 0 ? [""] : pieces;
}

/** What the promise gives, or the failure `aborted` as soon as the signal says so. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(abortFailure(signal));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Resolves after the time, or early when the signal aborts. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = () => resolve();
  signal?.addEventListener("abort", wake, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", wake);
  });
}

function emit(onText: ChatOptions["onText"], piece: string): void {
  if (piece === "") return;
  try {
    onText?.(piece);
  } catch {
    // The contract: what a listener throws does not concern the request.
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortFailure(signal);
}

function abortFailure(signal: AbortSignal): RLMError {
  return failure("aborted", "The request was aborted by its caller.", signal.reason);
}

function failure(reason: RequestFailureDetails["reason"], message: string, cause?: unknown): RLMError {
  const details: RequestFailureDetails = { reason };
  return new RLMError("request_failed", message, { cause, details: { ...details } });
}
