// A ReplSession over whatever carries the texts of a language.
//
// Owns: the count of calls and of output, the order of entries. Does not own: the sandbox.
// 1. There is one entry at a time.
// 2. An answer is passed on once, and only for a call that an activation of the running block has issued.
// 3. After `dispose`, or once the REPL is lost, no entry reaches the sandbox.
// 4. No activation passes on more calls or output than a block's limits allow, whatever code did to the REPL that
//    should hold to them.

import { RLMError } from "@rlmflow/core";
import type {
  Activation,
  ActivationState,
  Answer,
  Block,
  BuiltinCall,
  ReplSession,
  ReplSpec,
} from "@rlmflow/core/driver";
import type { ReplLanguage } from "./repl-language.ts";
import { REPLAY_PATIENCE } from "./replay-patience.ts";
import { decodeActivation } from "./wire/decode-activation.ts";
import { DEFAULT_LIMITS, type EvaluatorLimits } from "./wire/evaluator-spec.ts";
import { deliverText } from "./wire/evaluator-texts.ts";
import { readLimit, sandboxText } from "./wire/frames.ts";

/** The state of an activation whose REPL is gone. */
export type LostState = Extract<ActivationState, { readonly kind: "lost" }>;

/**
 * How an entry into a sandbox ended: with the evaluator's activation as text, or with the sandbox gone. `output` is what the
 * entry had written by then, as far as it is known.
 */
export type EntryEnd =
  | { readonly kind: "answered"; readonly text: string }
  | (LostState & { readonly output?: string });

/**
 * A sandbox that holds one REPL. `enter` is called one at a time; it rejects only for faults of the runtime. An entry
 * with `patience` may take so many times what an entry may take.
 */
export interface SandboxPort {
  enter(kind: "start" | "deliver", json: string, patience: number): Promise<EntryEnd>;
  dispose(): Promise<void>;
}

const BUILTINS: readonly BuiltinCall[] = ["delegate", "wait", "llmQuery", "done"];

/** What may follow on the output that a REPL kept: the words that tell of the rest. */
const CUT_NOTE = 100;
const MOST_MESSAGE = 6_000;
/** Characters of the output of an entry that was cut off. */
const MOST_UNFINISHED = 100_000;

/** A session whose REPL lives behind the port. The limits are those that it was opened with. */
export function replSession(
  port: SandboxPort,
  spec: ReplSpec,
  language: ReplLanguage,
  limits: Partial<EvaluatorLimits> = {},
): ReplSession {
  return new PortSession(port, spec, language, { ...DEFAULT_LIMITS, ...limits });
}

class PortSession implements ReplSession {
  readonly #port: SandboxPort;
  readonly #language: ReplLanguage;
  readonly #names: ReadonlySet<string>;
  readonly #contexts: ReadonlyMap<string, number>;
  readonly #limits: EvaluatorLimits;
  /** Calls without an answer, and which of them are no `wait`. */
  readonly #open = new Set<number>();
  readonly #outstanding = new Set<number>();
  #nextCall = 0;
  #dones = 0;
  #output = 0;
  #busy = false;
  #lost: LostState | null = null;
  #disposal: Promise<void> | null = null;

  constructor(port: SandboxPort, spec: ReplSpec, language: ReplLanguage, limits: EvaluatorLimits) {
    this.#port = port;
    this.#language = language;
    this.#limits = limits;
    this.#names = new Set([...spec.functions, ...BUILTINS]);
    this.#contexts = new Map(spec.contexts.map(({ key, characters }) => [key, characters]));
  }

  async start(block: Block): Promise<Activation> {
    this.#claim();
    try {
      this.#open.clear();
      this.#outstanding.clear();
      this.#nextCall = 0;
      this.#dones = 0;
      this.#output = 0;
      const compiled = this.#language.blockText(block);
      return compiled.ok ? await this.#enter("start", compiled.text, block) : compiled.activation;
    } finally {
      this.#busy = false;
    }
  }

  async deliver(answer: Answer): Promise<Activation> {
    this.#claim();
    try {
      if (!this.#open.delete(answer.index)) {
        throw new RLMError(
          "protocol_violation",
          `Call ${answer.index} of the block is not waiting for an answer.`,
        );
      }
      this.#outstanding.delete(answer.index);
      return await this.#enter("deliver", deliverText(answer), answer);
    } finally {
      this.#busy = false;
    }
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#port.dispose();
    return this.#disposal;
  }

  #claim(): void {
    if (this.#disposal !== null) throw new RLMError("closed", "The REPL was disposed; open a new one.");
    if (this.#busy) throw new RLMError("protocol_violation", "The REPL is still busy with its last entry.");
    this.#busy = true;
  }

  async #enter(
    kind: "start" | "deliver",
    json: string,
    { replayed = false }: Pick<Block, "replayed">,
  ): Promise<Activation> {
    if (this.#lost !== null) return lostActivation(this.#lost);
    const end = await this.#port.enter(kind, json, replayed ? REPLAY_PATIENCE : 1);
    if (end.kind === "lost") {
      const { output = "", ...state } = end;
      this.#lost = state;
      return lostActivation(state, shownOutput(output));
    }
    const activation = this.#decode(end.text);
    if (activation.state.kind === "lost") return activation;
    this.#nextCall += activation.calls.length;
    this.#dones += activation.calls.filter(({ name }) => name === "done").length;
    this.#output += Math.max(0, activation.output.length - CUT_NOTE);
    for (const { index, name } of activation.calls) {
      this.#open.add(index);
      if (name !== "wait") this.#outstanding.add(index);
    }
    return activation;
  }

  /** An activation that is none loses the REPL: hostile code may have made it. */
  #decode(text: string): Activation {
    try {
      return decodeActivation(text, {
        nextCall: this.#nextCall,
        callsBefore: this.#nextCall - this.#dones,
        names: this.#names,
        contexts: this.#contexts,
        outstanding: this.#outstanding.size,
        outputBefore: this.#output,
        limits: this.#limits,
      });
    } catch (error) {
      this.#lost = lostState("block", error);
      this.#port.dispose().catch(() => {});
      return lostActivation(this.#lost);
    }
  }
}

/** A REPL that is gone for this reason; an RLMError may name the limit that was broken in `details.limit`. */
export function lostState(blame: LostState["blame"], error: unknown): LostState {
  const why = error instanceof Error ? error.message : String(error);
  // A transport's error may quote what the sandbox wrote.
  const message = sandboxText(`The sandbox is gone: ${why}`, MOST_MESSAGE);
  const limit = RLMError.is(error) ? readLimit(error.details.limit) : null;
  return limit === null ? { kind: "lost", blame, message } : { kind: "lost", blame, message, limit };
}

function lostActivation(state: LostState, output = ""): Activation {
  return { calls: [], output, codeMs: 0, state };
}

/** What is kept of the output of an entry that has no activation: hostile code may have written it, and to the sandbox's end. */
function shownOutput(text: string): string {
  return sandboxText(text, MOST_UNFINISHED);
}
