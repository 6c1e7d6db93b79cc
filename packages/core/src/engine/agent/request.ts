import type { JsonSchema } from "../../data/json.ts";
import type { Attempt } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { Message } from "../../protocols/client.ts";
import type { Amount } from "../resources/budget.ts";
import type { Answered, Price, Retry } from "../resources/provider.ts";
import type { AgentSettings, ModelInfo } from "../resources/settings.ts";
import type { AgentPort } from "./agent-port.ts";
import { MessageDigest } from "./message-digest.ts";
import { idempotencyKey, questionDigest } from "./request-key.ts";

/** One request on behalf of an agent. */
export interface ModelRequest {
  readonly model: string;
  /** Derived only with a permit, so that agents in line hold none. */
  readonly messages: () => readonly Message[];
  /** Digests the messages, which must be frozen; for agents whose next request extends this one. */
  readonly digest?: MessageDigest;
  /** Of the place that asks; what is sent goes under an idempotency key made of it. */
  readonly effectKey: string;
  /** Cuts the request in flight. */
  readonly signal: AbortSignal;
  /** Lets nothing be sent that is not in flight: the request rejects with `aborted` then. */
  readonly rest?: AbortSignal;
  readonly caller: { readonly agentId: string; readonly turn: number; readonly purpose: "act" | "query" };
  /** Called with a permit, before the request is sent. */
  readonly onAdmitted?: () => void;
  readonly output?: JsonSchema;
  readonly onText?: (delta: string) => void;
  readonly onRetry?: (retry: Retry) => void;
  /** Asks with whatever output cap still fits, instead of being refused. */
  readonly squeeze?: boolean;
}

/** What became of a request: an answer, or the limit that left no room for it. */
export type RequestOutcome =
  | {
      readonly kind: "answered";
      readonly answered: Answered;
      /** Of the messages. */
      readonly digest: string;
    }
  | { readonly kind: "no_room"; readonly limit: { readonly name: string; readonly value: number } };

const CHARACTERS_PER_TOKEN = 3;
/** Output of the forced final request, at least. */
const LEAST_OUTPUT_TOKENS = 64;
/** Output with which an agent can still work: with less in the pool, its next request is its last. */
const SHORT_OUTPUT_TOKENS = 1024;

/**
 * Sends one request, with its retries, when there is a permit and room in the budget. The permit is taken
 * before budget is reserved, so that who waits for budget waits only for requests that are in flight.
 */
export async function request(port: AgentPort, wanted: ModelRequest): Promise<RequestOutcome> {
  const model = modelNamed(port.settings, wanted.model);
  const { signal, rest } = wanted;
  const stop = rest === undefined ? signal : AbortSignal.any([signal, rest]);
  const leave = await port.effects.enter(wanted.model, stop);
  try {
    wanted.onAdmitted?.();
    return await send(port, model, wanted, stop);
  } finally {
    leave();
  }
}

/** Throws `unknown_model` for a key that no client has. */
function modelNamed({ models }: Pick<AgentSettings, "models">, key: string): ModelInfo {
  const model = models.get(key);
  if (model !== undefined) return model;
  throw new RLMError(
    "unknown_model",
    `There is no model "${key}". Models of this flow: ${[...models.keys()].join(", ")}.`,
  );
}

async function send(
  { settings, effects }: AgentPort,
  { name, price }: ModelInfo,
  wanted: ModelRequest,
  stop: AbortSignal,
): Promise<RequestOutcome> {
  const { signal } = wanted;
  const { environment } = settings;
  const messages = wanted.messages();
  const { digest, characters } = await (wanted.digest ?? new MessageDigest(environment.digest)).of(messages);
  const input = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  const question = await questionDigest(
    { model: name, messages: digest, output: wanted.output },
    environment,
  );
  const estimateFor = (output: number) => ({
    tokens: input + output,
    microUsd: Math.ceil(costOf(price, input, output)),
  });
  const { maxOutputTokens } = settings.config;
  let cap = maxOutputTokens;
  let reservation = await effects.reserve(estimateFor(cap), stop);
  if (reservation.kind === "short") {
    // What is left may still do for a reply, only for a shorter one.
    const least = wanted.squeeze === true ? LEAST_OUTPUT_TOKENS : SHORT_OUTPUT_TOKENS;
    cap = shorterOutput(reservation.left, { input, price, cap, least });
    reservation = await effects.reserve(estimateFor(cap), stop);
  }
  if (reservation.kind === "short") return { kind: "no_room", limit: reservation.limit };
  const estimate = estimateFor(cap);
  let attempts: readonly Attempt[] = [];
  try {
    const answered = await effects.send(wanted.model, messages, {
      signal,
      stop,
      effectKey: idempotencyKey(wanted.effectKey, question, cap),
      maxOutputTokens: cap,
      caller: wanted.caller,
      ...(wanted.output !== undefined && { output: wanted.output }),
      ...(wanted.onText !== undefined && { onText: wanted.onText }),
      ...(wanted.onRetry !== undefined && { onRetry: wanted.onRetry }),
    });
    attempts = answered.attempts;
    return { kind: "answered", answered, digest };
  } catch (error) {
    attempts = attemptsOf(error);
    throw error;
  } finally {
    reservation.settle(consumed(attempts, estimate, price));
  }
}

/** The requests that a failed one took, as its error tells them. */
export function attemptsOf(error: unknown): readonly Attempt[] {
  if (!RLMError.is(error) || !Array.isArray(error.details.attempts)) return [];
  return error.details.attempts as readonly Attempt[];
}

interface Shortening {
  readonly input: number;
  readonly price: Price | undefined;
  readonly cap: number;
  /** Output tokens below which a reply is of no use. */
  readonly least: number;
}

/** The output cap for which the pool has room, within reason. */
function shorterOutput(left: Amount, { input, price, cap, least }: Shortening): number {
  const perToken = costOf(price, 0, 1);
  const paid = perToken > 0 ? (left.microUsd - costOf(price, input, 0)) / perToken : Number.POSITIVE_INFINITY;
  return Math.max(Math.min(least, cap), Math.min(cap, Math.floor(Math.min(left.tokens - input, paid))));
}

/** Millionths of a US dollar; a price is in dollars per million tokens. */
function costOf(price: Price | undefined, input: number, output: number): number {
  return price === undefined ? 0 : input * price.inputPerMillionUsd + output * price.outputPerMillionUsd;
}

/**
 * An upper bound of what all attempts together consumed. The estimate replaces unknown counts, and input is booked at its
 * full price when the provider does not report how much of it came from a cache.
 */
function consumed(attempts: readonly Attempt[], estimate: Amount, price: Price | undefined): Amount {
  let tokens = 0;
  let microUsd = 0;
  for (const { usage, outcome } of attempts) {
    const { input, output } = usage;
    const known = input !== null && output !== null;
    if (!known && outcome !== "complete") continue;
    tokens += known ? input + output : estimate.tokens;
    microUsd += usage.costMicroUsd ?? (known ? Math.ceil(costOf(price, input, output)) : estimate.microUsd);
  }
  return { tokens, microUsd };
}
