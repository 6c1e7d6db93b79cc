import type { ErrorData, JsonValue } from "@rlmflow/core";
import { RLMError } from "@rlmflow/core";
import type {
  Activation,
  ActivationState,
  Call,
  ContextRead,
  Cut,
  VariableSummary,
} from "@rlmflow/core/driver";
import { DEFAULT_LIMITS, type EvaluatorLimits } from "./evaluator-spec.ts";
import { type FailedLimit, sandboxText, violation } from "./frames.ts";

/** What an activation is held against. */
export interface ActivationExpectation {
  /** Index of the next call. */
  readonly nextCall: number;
  /** Those before it that were no `done`; all of them unless given. */
  readonly callsBefore?: number;
  /** Names that may be called. */
  readonly names: ReadonlySet<string>;
  /** Characters of each payload, by key. */
  readonly contexts: ReadonlyMap<string, number>;
  /** Calls of the block that wait for an answer, `wait` apart; none unless given. */
  readonly outstanding?: number;
  /** Characters of output that earlier activations of the block brought; none unless given. */
  readonly outputBefore?: number;
  /** Those that the REPL was opened with; the defaults unless given. */
  readonly limits?: EvaluatorLimits;
}

/**
 * An activation that hostile code had a part in. Throws `protocol_violation` for anything that is not exactly one; where it
 * passes a limit that the REPL should have held, that stands in `details.limit`.
 */
export function decodeActivation(text: string, expected: ActivationExpectation): Activation {
  if (text.length > MAX_ACTIVATION)
    throw violation(`sent an activation of more than ${spelled(MAX_ACTIVATION)} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw violation("sent an activation that is not JSON");
  }
  const activation = fields(value, "activation");
  const calls = decodeCalls(activation.calls, expected);
  const decoded = {
    calls,
    output: decodeOutput(activation.output, expected),
    codeMs: amount(activation.codeMs, "codeMs"),
    state: decodeState(activation.state, expected, expected.nextCall + calls.length),
  };
  return activation.outputCut === undefined
    ? decoded
    : { ...decoded, outputCut: decodeCut(activation.outputCut) };
}

const MAX_ACTIVATION = 128 * 1024 * 1024;
const MAX_ARGUMENTS = 1_000_000;
const MAX_ECHO = 16_000_000;
const MAX_ROWS = 10_000;
/** Of what a REPL cuts itself: the words that tell of the cut. */
const CUT_NOTE = 1_000;
/** A language may count characters of which some are two units here. */
const MOST_UNITS = 2;
/** Deeper than what the evaluator lets pass, so that only a broken sandbox meets it. */
const MAX_DEPTH = 400;
const MAX_CAUSES = 20;

type Fields = Readonly<Record<string, unknown>>;

function decodeCalls(value: unknown, expected: ActivationExpectation): readonly Call[] {
  const { callsPerBlock, outstandingCalls } = expected.limits ?? DEFAULT_LIMITS;
  const calls = list(value, "calls", 2 * callsPerBlock).map((call, place) =>
    decodeCall(call, expected.nextCall + place, expected.names),
  );
  const counted = calls.filter(({ name }) => name !== "done").length;
  if (
    (expected.callsBefore ?? expected.nextCall) + counted > callsPerBlock ||
    expected.nextCall + calls.length > 2 * callsPerBlock
  ) {
    const limit = { name: "callsPerBlock", value: callsPerBlock, unit: "calls" };
    throw beyond(limit, `sent more than ${spelled(callsPerBlock)} calls`);
  }
  const outstanding = (expected.outstanding ?? 0) + calls.filter(({ name }) => name !== "wait").length;
  if (outstanding > outstandingCalls) {
    const limit = { name: "outstandingCalls", value: outstandingCalls, unit: "calls" };
    throw beyond(limit, `has more than ${spelled(outstandingCalls)} calls waiting for answers`);
  }
  return calls;
}

function decodeOutput(
  value: unknown,
  { outputBefore = 0, limits = DEFAULT_LIMITS }: ActivationExpectation,
): string {
  const output = limitedText(value, "output", MAX_ACTIVATION);
  if (outputBefore + output.length > limits.outputKept * MOST_UNITS + CUT_NOTE) {
    const limit = { name: "outputKept", value: limits.outputKept, unit: "characters" };
    throw beyond(limit, `sent more than ${spelled(limits.outputKept)} characters of output`);
  }
  return output;
}

/** An activation that no REPL makes which holds its limits: code has got at them. */
function beyond(limit: FailedLimit, what: string): RLMError {
  const message = `The sandbox ${what} in one block.`;
  return new RLMError("protocol_violation", message, { details: { limit } });
}

function decodeCall(value: unknown, index: number, names: ReadonlySet<string>): Call {
  const call = fields(value, "call");
  if (call.index !== index) {
    const given = typeof call.index === "number" ? ` ${call.index}` : "";
    throw violation(`numbered a call${given} that should be ${index}`);
  }
  const { name } = call;
  if (typeof name !== "string" || !names.has(name))
    throw violation("called a function that it was not given");
  const args = list(call.args, "args", MAX_ARGUMENTS);
  if (args.some((argument) => !isShallow(argument)))
    throw violation("sent arguments that are nested too deep");
  return { index, name, args: args as readonly JsonValue[] };
}

function decodeState(value: unknown, expected: ActivationExpectation, calls: number): ActivationState {
  const state = fields(value, "state");
  if (state.kind === "idle") return { kind: "idle" };
  if (state.kind !== "ended" && state.kind !== "threw")
    throw violation("sent an activation in an unknown state");
  const left = {
    variables: list(state.variables, "variables", MAX_ROWS).map(decodeVariable),
    reads: list(state.reads, "reads", MAX_ROWS).map((read) => decodeRead(read, expected.contexts)),
    unawaited: list(state.unawaited, "unawaited", MAX_ROWS).map((index) => callIndex(index, calls)),
  };
  if (state.kind === "ended") {
    const echo = state.echo === null ? null : limitedText(state.echo, "echo", MAX_ECHO);
    return { kind: "ended", echo, ...left };
  }
  const { errorText } = expected.limits ?? DEFAULT_LIMITS;
  const most = errorText * MOST_UNITS + CUT_NOTE;
  const text = sandboxText(limitedText(state.text, "text", MAX_ACTIVATION), most);
  if (typeof state.syntax !== "boolean") throw violation('sent an activation without "syntax"');
  return { kind: "threw", error: decodeError(state.error, most, 0), text, syntax: state.syntax, ...left };
}

function decodeError(value: unknown, most: number, depth: number): ErrorData {
  const error = fields(value, "error");
  const name = limitedText(error.name, "name", 1_000);
  const message = sandboxText(limitedText(error.message, "message", MAX_ACTIVATION), most);
  if (error.cause === undefined) return { name, message };
  if (depth === MAX_CAUSES) throw violation("sent an error with too many causes");
  return { name, message, cause: decodeError(error.cause, most, depth + 1) };
}

function decodeVariable(value: unknown): VariableSummary {
  const row = fields(value, "variable");
  if (typeof row.changed !== "boolean") throw violation('sent a variable without "changed"');
  return {
    name: limitedText(row.name, "name", 200),
    type: limitedText(row.type, "type", 200),
    size: row.size === null ? null : count(row.size, "size"),
    preview: limitedText(row.preview, "preview", 80),
    changed: row.changed,
  };
}

function decodeRead(value: unknown, contexts: ReadonlyMap<string, number>): ContextRead {
  const read = fields(value, "read");
  const key = limitedText(read.key, "key", 1_000_000);
  const start = count(read.start, "start");
  const end = count(read.end, "end");
  const characters = contexts.get(key);
  if (characters === undefined || start > end || end > characters) {
    throw violation("says that it read what it was not given");
  }
  return { key, start, end };
}

function decodeCut(value: unknown): Cut {
  const cut = fields(value, "outputCut");
  return { kept: count(cut.kept, "kept"), total: count(cut.total, "total") };
}

function callIndex(value: unknown, calls: number): number {
  const index = count(value, "unawaited");
  if (index >= calls) throw violation("names a call that it has not made");
  return index;
}

/** True when the value has no more levels than {@link MAX_DEPTH}; walks without recursion. */
function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const child of Object.values(item))
        if (typeof child === "object" && child !== null) next.push(child);
    }
    level = next;
  }
  return true;
}

function fields(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw violation(`sent no ${what}`);
  return value as Fields;
}

function list(value: unknown, what: string, longest: number): readonly unknown[] {
  if (!Array.isArray(value)) throw violation(`sent no list of ${what}`);
  if (value.length > longest) throw violation(`sent more than ${spelled(longest)} ${what}`);
  return value;
}

function limitedText(value: unknown, what: string, longest: number): string {
  if (typeof value !== "string") throw violation(`sent no text "${what}"`);
  if (value.length > longest) throw violation(`sent more than ${spelled(longest)} characters as "${what}"`);
  return value;
}

function amount(value: unknown, what: string): number {
  // Beyond this, sums of amounts might no longer be numbers.
  if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw violation(`sent no number "${what}"`);
  }
  return value;
}

function count(value: unknown, what: string): number {
  const whole = amount(value, what);
  if (!Number.isSafeInteger(whole)) throw violation(`sent no whole number "${what}"`);
  return whole;
}

function spelled(value: number): string {
  return value.toLocaleString("en-US");
}
