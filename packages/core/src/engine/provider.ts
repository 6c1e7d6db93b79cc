import { isJsonObject } from "../data/json.ts";
import type { Attempt, RequestFailure } from "../data/node.ts";
import { UNKNOWN_USAGE, type Usage } from "../data/usage.ts";
import { RLMError } from "../errors.ts";
import type { ChatOptions, Client, Message, Reply } from "../protocols/client.ts";
import type { Environment } from "../protocols/environment.ts";
import { Gate } from "./gate.ts";

/** US dollars per million tokens of one model. */
export interface Price {
  readonly inputPerMillionUsd: number;
  /** Default: the price of input. */
  readonly cachedPerMillionUsd?: number;
  readonly outputPerMillionUsd: number;
}

/** A reply and every request it took. */
export interface Answered {
  readonly reply: Reply;
  readonly attempts: readonly Attempt[];
}

/** What a {@link Provider} is made of. */
export interface ProviderOptions {
  readonly client: Client;
  readonly environment: Environment;
  readonly maxConcurrency: number;
  readonly maxRetries: number;
  readonly price: Price | undefined;
}

const PASSING: readonly RequestFailure[] = ["rate_limit", "overloaded", "network", "timeout", "incomplete"];
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/**
 * One client and the only place where its failed requests are made again.
 *
 * Owns: the client's own cap on requests in flight, and the pause after a passing failure, which holds
 * back every request to this client. Does not own: the client; the flow's cap; budgets.
 * 1. A request is made again only after a failure that passes by itself, at most `maxRetries` times.
 * 2. Every request that was sent appears in `attempts`, failed and cut ones too.
 */
export class Provider {
  readonly gate: Gate;
  readonly #options: ProviderOptions;
  #pausedUntil = 0;
  #failuresInARow = 0;

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.gate = new Gate(options.maxConcurrency);
  }

  get model(): string {
    return this.#options.client.model;
  }

  get price(): Price | undefined {
    return this.#options.price;
  }

  /** The complete reply. Rejects with the client's last error, its `details.attempts` added. */
  async ask(
    messages: readonly Message[],
    options: ChatOptions & { readonly signal: AbortSignal },
  ): Promise<Answered> {
    const attempts: Attempt[] = [];
    for (;;) {
      await this.#waitForPause(options.signal);
      const outcome = await this.#attempt(messages, options);
      attempts.push(outcome.attempt);
      if (outcome.reply !== null) {
        this.#failuresInARow = 0;
        return { reply: outcome.reply, attempts };
      }
      if (!this.#mayPass(outcome.attempt.outcome, attempts.length))
        throw withAttempts(outcome.error, attempts);
      this.#pause(outcome.retryAfterMs);
    }
  }

  async #attempt(messages: readonly Message[], options: ChatOptions) {
    const { client, environment } = this.#options;
    const startedAt = environment.now();
    let firstTokenAt: number | null = null;
    const onText = (delta: string) => {
      firstTokenAt ??= environment.now();
      options.onText?.(delta);
    };
    try {
      const answered = await client.chat(messages, { ...options, onText });
      const reply = { ...answered, usage: this.#priced(answered.usage) };
      const attempt: Attempt = {
        startedAt,
        firstTokenAt,
        endedAt: environment.now(),
        outcome: "complete",
        usage: reply.usage,
      };
      return { reply, attempt, error: null, retryAfterMs: 0 };
    } catch (error) {
      const { reason, message, retryAfterMs, usage } = readFailure(error);
      const outcome = options.signal?.aborted === true ? "aborted" : reason;
      const attempt: Attempt = {
        startedAt,
        firstTokenAt,
        endedAt: environment.now(),
        outcome,
        message,
        usage: this.#priced(usage),
      };
      return { reply: null, attempt, error, retryAfterMs };
    }
  }

  #priced(usage: Usage): Usage {
    const { price } = this.#options;
    if (usage.costMicroUsd !== null || price === undefined || usage.input === null || usage.output === null)
      return usage;
    const cached = usage.cached ?? 0;
    const dollars =
      (usage.input - cached) * price.inputPerMillionUsd +
      cached * (price.cachedPerMillionUsd ?? price.inputPerMillionUsd) +
      usage.output * price.outputPerMillionUsd;
    return { ...usage, costMicroUsd: Math.round(dollars) };
  }

  #mayPass(outcome: Attempt["outcome"], made: number): boolean {
    return PASSING.includes(outcome as RequestFailure) && made <= this.#options.maxRetries;
  }

  #pause(retryAfterMs: number): void {
    const backOff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failuresInARow);
    this.#failuresInARow += 1;
    this.#pausedUntil = Math.max(
      this.#pausedUntil,
      this.#options.environment.now() + Math.max(backOff, retryAfterMs),
    );
  }

  async #waitForPause(signal: AbortSignal): Promise<void> {
    const { environment } = this.#options;
    for (;;) {
      if (signal.aborted) throw new RLMError("aborted", "The request was aborted before it was sent.");
      const left = this.#pausedUntil - environment.now();
      if (left <= 0) return;
      await environment.sleep(left, signal);
    }
  }
}

function readFailure(error: unknown): {
  reason: RequestFailure;
  message: string;
  retryAfterMs: number;
  usage: Usage;
} {
  const message = error instanceof Error ? error.message : String(error);
  if (!RLMError.is(error) || error.code !== "request_failed")
    return { reason: "unknown", message, retryAfterMs: 0, usage: UNKNOWN_USAGE };
  const { reason, retryAfterMs, usage } = error.details;
  return {
    reason: typeof reason === "string" ? (reason as RequestFailure) : "unknown",
    message,
    retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : 0,
    usage: isJsonObject(usage) ? { ...UNKNOWN_USAGE, ...usage } : UNKNOWN_USAGE,
  };
}

function withAttempts(error: unknown, attempts: readonly Attempt[]): RLMError {
  const message = error instanceof Error ? error.message : String(error);
  const code = RLMError.is(error) ? error.code : "request_failed";
  const details = RLMError.is(error) ? error.details : {};
  return new RLMError(code, message, { cause: error, details: { ...details, attempts } });
}
