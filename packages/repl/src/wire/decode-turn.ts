import type {
  Call,
  ContextRead,
  Cut,
  ErrorData,
  JsonValue,
  Turn,
  TurnState,
  VariableSummary,
} from "@rlmflow/core";
import { violation } from "./frames.ts";

/** What a turn is held against. */
export interface TurnExpectation {
  /** Index of the next call. */
  readonly nextCall: number;
  /** Names that may be called. */
  readonly names: ReadonlySet<string>;
  /** Characters of each payload, by key. */
  readonly contexts: ReadonlyMap<string, number>;
}

/** A turn that hostile code had a part in. Throws `protocol_violation` for anything that is not exactly one. */
export function decodeTurn(text: string, expected: TurnExpectation): Turn {
  if (text.length > MAX_TURN) throw violation(`sent a turn of more than ${MAX_TURN} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw violation("sent a turn that is not JSON");
  }
  const turn = fields(value, "turn");
  const calls = list(turn.calls, "calls", MAX_CALLS).map((call, place) =>
    decodeCall(call, expected.nextCall + place, expected.names),
  );
  const decoded = {
    calls,
    output: limitedText(turn.output, "output", MAX_OUTPUT),
    codeMs: amount(turn.codeMs, "codeMs"),
    state: decodeState(turn.state, expected, expected.nextCall + calls.length),
  };
  return turn.outputCut === undefined ? decoded : { ...decoded, outputCut: decodeCut(turn.outputCut) };
}

const MAX_TURN = 128 * 1024 * 1024;
const MAX_CALLS = 10_000;
const MAX_OUTPUT = 16_000_000;
const MAX_ROWS = 10_000;
const MAX_ERROR = 200_000;
/** Deeper than what the evaluator lets pass, so that only a broken sandbox meets it. */
const MAX_DEPTH = 400;
const MAX_CAUSES = 20;

type Fields = Readonly<Record<string, unknown>>;

function decodeCall(value: unknown, index: number, names: ReadonlySet<string>): Call {
  const call = fields(value, "call");
  if (call.index !== index) throw violation(`numbered a call ${String(call.index)} that should be ${index}`);
  const { name } = call;
  if (typeof name !== "string" || !names.has(name))
    throw violation("called a function that it was not given");
  const args = list(call.args, "args", 1_000_000);
  if (args.some((argument) => !isShallow(argument)))
    throw violation("sent arguments that are nested too deep");
  return { index, name, args: args as readonly JsonValue[] };
}

function decodeState(value: unknown, expected: TurnExpectation, calls: number): TurnState {
  const state = fields(value, "state");
  if (state.kind === "idle") return { kind: "idle" };
  if (state.kind !== "ended" && state.kind !== "threw") throw violation("sent a turn in an unknown state");
  const left = {
    variables: list(state.variables, "variables", MAX_ROWS).map(decodeVariable),
    reads: list(state.reads, "reads", MAX_ROWS).map((read) => decodeRead(read, expected.contexts)),
    unawaited: list(state.unawaited, "unawaited", MAX_ROWS).map((index) => callIndex(index, calls)),
  };
  if (state.kind === "ended") {
    const echo = state.echo === null ? null : limitedText(state.echo, "echo", MAX_OUTPUT);
    return { kind: "ended", echo, ...left };
  }
  const text = limitedText(state.text, "text", MAX_ERROR);
  if (typeof state.syntax !== "boolean") throw violation('sent a turn without "syntax"');
  return { kind: "threw", error: decodeError(state.error, 0), text, syntax: state.syntax, ...left };
}

function decodeError(value: unknown, depth: number): ErrorData {
  const error = fields(value, "error");
  const name = limitedText(error.name, "name", 1_000);
  const message = limitedText(error.message, "message", MAX_ERROR);
  if (error.cause === undefined) return { name, message };
  if (depth === MAX_CAUSES) throw violation("sent an error with too many causes");
  return { name, message, cause: decodeError(error.cause, depth + 1) };
}

function decodeVariable(value: unknown): VariableSummary {
  const row = fields(value, "variable");
  if (typeof row.changed !== "boolean") throw violation('sent a variable without "changed"');
  return {
    name: limitedText(row.name, "name", 200),
    type: limitedText(row.type, "type", 200),
    size: row.size === null ? null : amount(row.size, "size"),
    preview: limitedText(row.preview, "preview", 80),
    changed: row.changed,
  };
}

function decodeRead(value: unknown, contexts: ReadonlyMap<string, number>): ContextRead {
  const read = fields(value, "read");
  const key = limitedText(read.key, "key", 1_000_000);
  const start = amount(read.start, "start");
  const end = amount(read.end, "end");
  const characters = contexts.get(key);
  if (characters === undefined || start > end || end > characters) {
    throw violation("says that it read what it was not given");
  }
  return { key, start, end };
}

function decodeCut(value: unknown): Cut {
  const cut = fields(value, "outputCut");
  return { kept: amount(cut.kept, "kept"), total: amount(cut.total, "total") };
}

function callIndex(value: unknown, calls: number): number {
  const index = amount(value, "unawaited");
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
  if (!Array.isArray(value) || value.length > longest) throw violation(`sent no list of ${what}`);
  return value;
}

function limitedText(value: unknown, what: string, longest: number): string {
  if (typeof value !== "string" || value.length > longest) throw violation(`sent no text "${what}"`);
  return value;
}

function amount(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw violation(`sent no number "${what}"`);
  }
  return value;
}
