import type { Runtime } from "@rlmflow/core";
import { RLMError } from "@rlmflow/core";
import type { Language, ReplSession, ReplSpec } from "@rlmflow/core/driver";
import { custom, type GenericSchema, optional, picklist } from "valibot";
import { ChannelPort, type ChannelTimes, LONGEST_TIMER_MS } from "./channel-port.ts";
import { languageOption, limitsOption } from "./options/channel-options.ts";
import { checkOptions } from "./options/check-options.ts";
import { optionRecord, wholeNumber, word } from "./options/option-schemas.ts";
import type { ReplLanguage } from "./repl-language.ts";
import { replSession, type SandboxPort } from "./repl-session.ts";
import { isUnblamed } from "./unblamed.ts";
import type { Channel } from "./wire/channel.ts";
import type { EvaluatorLimits } from "./wire/evaluator-spec.ts";

/** What a runtime over a transport is made of. */
export interface ChannelRuntimeOptions {
  readonly name: string;
  readonly isolation: Runtime["isolation"];
  readonly replay: Runtime["replay"];
  /** What is spoken inside; JavaScript unless given. */
  readonly language?: ReplLanguage;
  /**
   * Starts a sandbox that serves a REPL of the language and gives the channel to it. What it rejects with is
   * reported as `runtime_failed`. The signal aborts when nobody waits for the channel any more.
   */
  connect(spec: ReplSpec, signal: AbortSignal): Promise<Channel>;
  /** Called once, when the runtime is closed and every channel is. */
  close?(): Promise<void>;
  /** Milliseconds; 30,000 each unless given. */
  readonly times?: Partial<ChannelTimes>;
  /** Caps that the evaluator holds. */
  readonly limits?: Partial<EvaluatorLimits>;
}

/** For a `connect` that was told to stop, to say what it waited for. */
const LAST_WORDS_MS = 100;

const time = optional(wholeNumber({ least: 1, most: LONGEST_TIMER_MS, unit: "milliseconds" }), 30_000);
const method: GenericSchema<() => unknown> = custom((given) => typeof given === "function", "a function");

const OPTIONS = optionRecord(
  {
    name: word("a name"),
    isolation: picklist(
      ["none", "process", "isolate", "container", "remote"],
      '"none", "process", "isolate", "container" or "remote"',
    ),
    replay: picklist(["exact", "best-effort"], '"exact" or "best-effort"'),
    language: languageOption,
    connect: method,
    close: optional(method),
    times: optional(optionRecord({ openMs: time, wallMs: time }, "a record of milliseconds"), {}),
    limits: limitsOption,
  },
  "a record",
);

/** A Runtime over any transport: the one thing left to write is `connect`. Throws `invalid_options`. */
export function channelRuntime(options: ChannelRuntimeOptions): Runtime {
  return new ChannelRuntime(options);
}

/** Owns the sessions it opened. Invariant: after `close` no channel is open and none will be. */
class ChannelRuntime implements Runtime {
  readonly protocol = 1;
  readonly name: string;
  readonly language: Language;
  readonly isolation: Runtime["isolation"];
  readonly replay: Runtime["replay"];
  readonly #options: ChannelRuntimeOptions;
  readonly #language: ReplLanguage;
  readonly #limits: Partial<EvaluatorLimits>;
  readonly #times: ChannelTimes;
  readonly #ports = new Set<ChannelPort>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | null = null;

  constructor(options: ChannelRuntimeOptions) {
    const { name, isolation, replay, language, limits, times } = checkOptions(
      "channelRuntime",
      OPTIONS,
      options,
    );
    // Its methods are called on what was given: they may use what else is there.
    this.#options = options;
    this.#language = language;
    this.#limits = limits;
    this.#times = times;
    this.name = name;
    this.language = language.language;
    this.isolation = isolation;
    this.replay = replay;
  }

  async open(spec: ReplSpec): Promise<ReplSession> {
    this.#refuseClosed();
    try {
      return await this.#open(spec);
    } catch (error) {
      // A sandbox that others had a part in may have been ended by them: once more, without them.
      if (spec.alone || this.#closed !== null || !isOthersDoing(error)) throw error;
      return await this.#open({ ...spec, alone: true });
    }
  }

  async #open(spec: ReplSpec): Promise<ReplSession> {
    const channel = await this.#connect(spec);
    const port = new ChannelPort(channel, spec, this.#times, this.language.name);
    this.#ports.add(port);
    try {
      this.#refuseClosed();
      await port.open(this.#language.specText(spec, this.#limits));
    } catch (error) {
      await this.#release(port);
      this.#refuseClosed();
      throw error;
    }
    const sandbox: SandboxPort = {
      enter: (kind, json, patience) => port.enter(kind, json, patience),
      dispose: () => this.#release(port),
    };
    return replSession(sandbox, spec, this.#language, this.#limits);
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #connect(spec: ReplSpec): Promise<Channel> {
    const { openMs } = this.#times;
    const late = Promise.withResolvers<never>();
    const slow = new AbortController();
    const tooSlow = new RLMError(
      "runtime_failed",
      `it took longer than ${openMs} ms, the limit set by times.openMs`,
    );
    let timer = setTimeout(() => {
      slow.abort(tooSlow);
      // Who connects may know more of what it waited for.
      timer = setTimeout(() => late.reject(tooSlow), LAST_WORDS_MS);
    }, openMs);
    const signal = AbortSignal.any([this.#closing.signal, slow.signal]);
    const abort = (): void => late.reject(this.#closing.signal.reason);
    this.#closing.signal.addEventListener("abort", abort);
    const connecting = this.#options.connect(spec, signal);
    try {
      return await Promise.race([connecting, late.promise]);
    } catch (cause) {
      // A channel that comes too late must not stay open.
      connecting.then((channel) => channel.close()).catch(() => {});
      this.#refuseClosed();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new RLMError("runtime_failed", `The runtime "${this.name}" could not start a sandbox: ${why}`, {
        cause,
      });
    } finally {
      clearTimeout(timer);
      // A signal that is listened to is kept, and the channel with it.
      this.#closing.signal.removeEventListener("abort", abort);
    }
  }

  async #closeAll(): Promise<void> {
    this.#closing.abort(this.#closedError());
    await Promise.all([...this.#ports].map((port) => this.#release(port)));
    await this.#options.close?.();
  }

  async #release(port: ChannelPort): Promise<void> {
    if (this.#ports.delete(port)) await port.dispose();
  }

  #refuseClosed(): void {
    if (this.#closed !== null) throw this.#closedError();
  }

  #closedError(): RLMError {
    return new RLMError("closed", `The runtime "${this.name}" was closed; make a new one.`);
  }
}

/** Whether a REPL could not be opened because somebody else ended its sandbox. */
function isOthersDoing(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return isUnblamed(error) || isUnblamed(cause);
}
