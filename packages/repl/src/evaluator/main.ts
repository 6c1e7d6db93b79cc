// The evaluator is the part of JavaScript's REPL that runs inside a sandbox, beside the model's code: one REPL per realm. It is
// built as a single script with no imports (see tsup.config.ts) and trusts nothing that code can reach or replace.
//
// Reading order, from the bottom; a folder imports only folders above its own line:
//   ../wire/evaluator-spec.ts   what the host hands over, and the limits
//   realm/      the intrinsics as they were before any code ran (primordials.ts), and what the realm's global object offers
//   context/    CONTEXT: payloads read in ranges, slices, grep
//   values/     how a value is printed, and how it becomes JSON
//   calls/      tools, llmQuery, delegate, wait, done: a call goes out, its outcome comes back
//   block/      one run of a block: its names, its output, how it ended and how an error is explained
//   repl.ts     brings them together; this file is what the host holds of it
import {
  DEFAULT_LIMITS,
  type EvaluatorLimits,
  type EvaluatorSpec,
  type MirrorOutput,
  type ReadContext,
} from "../wire/evaluator-spec.ts";
import { bare, ErrorConstructor, ignore, jsonParse, objectFreeze } from "./realm/primordials.ts";
import { Repl } from "./repl.ts";

/** What a host holds of a REPL. Every entry is followed by a full run of the microtasks. */
export interface SandboxRepl {
  /** `{id, source, lineOffset, code, now}` as JSON. */
  start(json: string): void;
  /** `{index, outcome, now}` as JSON. */
  deliver(json: string): void;
  /** The JSON text of an Activation. */
  activation(): string;
  /** True when the main code of the block has ended: the time to tell of rejections. */
  ended(): boolean;
  /** Tells of a rejection that nobody handled; it becomes a warning in the output. */
  stray(reason: unknown): void;
  /** The same, for a host that has no more of it than `{name, message, stack}` as JSON. */
  strayText(json: string): void;
}

/**
 * Makes the REPL of this realm; call it once. `specJson` is an {@link EvaluatorSpec} whose limits may be
 * left out in part. `readContext` is asked for ranges within one piece of 65,536 units and may throw; `mirror` is
 * given what is written.
 */
export function createRepl(specJson: string, readContext: ReadContext, mirror?: MirrorOutput): SandboxRepl {
  const repl = new Repl(decodeSpec(specJson), guarded(readContext), mirror ?? ignore);
  const sandbox: SandboxRepl = {
    start: (json) => repl.start(json),
    deliver: (json) => repl.deliver(json),
    activation: () => repl.activation(),
    ended: () => repl.ended(),
    stray: (reason) => repl.stray(reason),
    strayText: (json) => repl.strayText(json),
  };
  return objectFreeze(bare(sandbox));
}

/** The spec is the host's own text: its shape is trusted, only the limits may have gaps. */
function decodeSpec(specJson: string): EvaluatorSpec {
  const spec = jsonParse(specJson) as EvaluatorSpec & { readonly limits?: Partial<EvaluatorLimits> };
  return { ...spec, limits: bare({ ...DEFAULT_LIMITS, ...spec.limits }) };
}

/** What the host's function throws is the host's: code sees an error of its own realm. */
function guarded(readContext: ReadContext): ReadContext {
  return (key, start, end) => {
    let text: unknown;
    try {
      text = readContext(key, start, end);
    } catch {
      throw new ErrorConstructor("the context could not be read");
    }
    if (typeof text !== "string") throw new ErrorConstructor("the context could not be read");
    return text;
  };
}
