import type { Attempt, RequestFailure } from "../../data/node.ts";
import type { Usage } from "../../data/usage.ts";
import { sentences } from "../../data/words.ts";
import { RLMError } from "../../errors.ts";
import type { ChatOptions, Client, Message, Reply } from "../../protocols/client.ts";
import type { Environment } from "../../protocols/environment.ts";
import { untilAborted } from "../environment/until-aborted.ts";
import { readFailure, readReply } from "./read-reply.ts";
import { Semaphore } from "./semaphore.ts";

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

/** How a reply is asked for. */
export interface AskOptions extends ChatOptions {
  /** Cuts a request in flight. */
  readonly signal: AbortSignal;
  /** Lets nothing more be sent; what is in flight lands. It aborts with `signal`, which it is unless given. */
  readonly stop?: AbortSignal;
  /** Hears of a request that failed and will be made again. */
  readonly onRetry?: (retry: Retry) => void;
}

/** A request that failed and will be made again. */
export interface Retry {
  /** The name of the model. */
  readonly model: string;
  /** Requests made so far. */
  readonly attempt: number;
  /** Milliseconds until the next. */
  readonly waitMs: number;
  /** Why the last one failed. */
  readonly message: string;
}

const PASSING: readonly RequestFailure[] = ["rate_limit", "overloaded", "network", "timeout", "incomplete"];
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** The longest wait that a provider may ask for. */
const LONGEST_WAIT_MS = 3_600_000;
/** The latest time that a `Date` can hold. */
const LAST_DATE_MS = 8.64e15;

/** What became of one request. */
type Sent =
  | { readonly reply: Reply; readonly attempt: Attempt }
  | {
      readonly reply: null;
      readonly attempt: Attempt;
      readonly error: unknown;
      readonly retryAfterMs: number;
    };

/**
 * One client and the only place where its failed requests are made again.
 *
 * Owns: the client's own cap on requests in flight, and the pause after a passing failure, which holds
 * back every request to this client. Does not own: the client, the flow's cap, budgets.
 * 1. A request is repeated only after a failure that passes by itself, at most `maxRetries` times, and not if the provider
 *    asks to wait for more than an hour.
 * 2. Every request that was sent appears in `attempts`, including those that failed or were cut.
 * 3. After `stop` has aborted, no further request is sent: `ask` rejects with `aborted`.
 * 4. The pause grows only with failures of requests that were sent after the last pause. So of several requests that
 *    were in flight together, only the first failure counts.
 */
export class Provider {
  readonly gate: Semaphore;
  readonly #options: ProviderOptions;
  #pausedUntil = 0;
  #pauses = 0;
  #pausesInARow = 0;

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.gate = new Semaphore(options.maxConcurrency);
  }

  get model(): string {
    return this.#options.client.model;
  }

  get price(): Price | undefined {
    return this.#options.price;
  }

  /**
   * The complete reply. Rejects with the client's last error, its `details.attempts` added, and as soon as the
   * signal aborts, whether or not the client heeds it.
   */
  async ask(messages: readonly Message[], { onRetry, stop, ...options }: AskOptions): Promise<Answered> {
    const attempts: Attempt[] = [];
    for (;;) {
      await this.#waitForPause(stop ?? options.signal, attempts);
      const pauses = this.#pauses;
      const sent = await this.#send(messages, options, attempts);
      attempts.push(sent.attempt);
      if (sent.reply !== null) {
        this.#pausesInARow = 0;
        return { reply: sent.reply, attempts };
      }
      if (!this.#mayPass(sent.attempt.outcome, attempts.length)) throw withAttempts(sent.error, attempts);
      if (sent.retryAfterMs > LONGEST_WAIT_MS) throw this.#waitTooLong(sent, attempts);
      this.#pause(sent.retryAfterMs, pauses);
      const waitMs = Math.max(0, this.#pausedUntil - this.#options.environment.now());
      const { message = "" } = sent.attempt;
      onRetry?.({ model: this.model, attempt: attempts.length, waitMs, message });
    }
  }

  async #send(
    messages: readonly Message[],
    options: ChatOptions & { readonly signal: AbortSignal },
    earlier: readonly Attempt[],
  ): Promise<Sent> {
    const { client, environment } = this.#options;
    const startedAt = environment.now();
    let firstTokenAt: number | null = null;
    const onText = (delta: string) => {
      firstTokenAt ??= environment.now();
      options.onText?.(delta);
    };
    const times = () => ({ startedAt, firstTokenAt, endedAt: environment.now() });
    try {
      const chat = async () => await client.chat(messages, { ...options, onText });
      const read = readReply(await untilAborted(chat(), options.signal, "the model replied"), client.model);
      const reply = { ...read, usage: this.#priced(read.usage) };
      return { reply, attempt: { ...times(), outcome: "complete", usage: reply.usage } };
    } catch (error) {
      // A client that has no key or no SDK has sent nothing.
      if (RLMError.is(error, "missing_key") || RLMError.is(error, "missing_dependency"))
        throw withAttempts(error, earlier);
      const { reason, message, retryAfterMs, usage } = readFailure(error);
      const outcome = options.signal.aborted ? "aborted" : reason;
      const attempt: Attempt = { ...times(), outcome, message, usage: this.#priced(usage) };
      return { reply: null, attempt, error, retryAfterMs };
    }
  }

  /** Adds the cost, unless something that it depends on is unknown: a recorded cost is never an estimate. */
  #priced(usage: Usage): Usage {
    const { price } = this.#options;
    const { input, output, cached, costMicroUsd } = usage;
    if (costMicroUsd !== null || price === undefined || input === null || output === null) return usage;
    const { inputPerMillionUsd, cachedPerMillionUsd = inputPerMillionUsd, outputPerMillionUsd } = price;
    if (cachedPerMillionUsd !== inputPerMillionUsd && (cached === null || cached > input)) return usage;
    const cheaper = cachedPerMillionUsd === inputPerMillionUsd ? 0 : (cached ?? 0);
    const dollars =
      (input - cheaper) * inputPerMillionUsd + cheaper * cachedPerMillionUsd + output * outputPerMillionUsd;
    return { ...usage, costMicroUsd: Math.round(dollars) };
  }

  #waitTooLong(
    { error, retryAfterMs }: Extract<Sent, { readonly reply: null }>,
    attempts: readonly Attempt[],
  ): RLMError {
    const { code, message, details } = withAttempts(error, attempts);
    const until = Math.min(LAST_DATE_MS, this.#options.environment.now() + retryAfterMs);
    const when = `The provider asks to wait until ${new Date(until).toISOString()}, but a run waits for an hour at most: try again then.`;
    return new RLMError(code, sentences(message, when), { cause: error, details: { ...details } });
  }

  #mayPass(outcome: Attempt["outcome"], made: number): boolean {
    return PASSING.includes(outcome as RequestFailure) && made <= this.#options.maxRetries;
  }

  #pause(retryAfterMs: number, pausesWhenSent: number): void {
    const { environment } = this.#options;
    if (pausesWhenSent === this.#pauses) {
      this.#pauses += 1;
      this.#pausesInARow += 1;
    }
    const backOff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#pausesInARow - 1));
    this.#pausedUntil = Math.max(this.#pausedUntil, environment.now() + Math.max(backOff, retryAfterMs));
  }

  async #waitForPause(signal: AbortSignal, attempts: readonly Attempt[]): Promise<void> {
    const { environment } = this.#options;
    for (;;) {
      if (signal.aborted)
        throw new RLMError("aborted", "The request was aborted before it was sent.", {
          details: { attempts },
        });
      const left = this.#pausedUntil - environment.now();
      if (left <= 0) return;
      await environment.sleep(left, signal);
    }
  }
}

const CODES_OF_CLIENTS = ["request_failed", "missing_key", "missing_dependency"] as const;

/** The client's error with the requests it took; any other kind of error is a failed request, too. */
function withAttempts(error: unknown, attempts: readonly Attempt[]): RLMError {
  const message = error instanceof Error ? error.message : String(error);
  const code = CODES_OF_CLIENTS.find((known) => RLMError.is(error, known)) ?? "request_failed";
  const details = RLMError.is(error) ? error.details : {};
  return new RLMError(code, message, { cause: error, details: { ...details, attempts } });
}
