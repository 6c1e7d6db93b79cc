import { isDeepStrictEqual } from "node:util";
import type { ReplSpec, Turn, TurnState } from "@rlmflow/core/driver";
import { ensure, ensureEqual } from "../contract/contract.ts";

const BUILTINS = ["delegate", "wait", "llmQuery", "done"];
const MAX_PREVIEW = 80;

/** What holds of every turn, whatever the code: shapes, numbers in their ranges, calls numbered on. */
export function ensureTurn(turn: Turn, spec: ReplSpec, callsBefore: number): void {
  const isJson = isDeepStrictEqual(JSON.parse(JSON.stringify(turn)), turn);
  ensure(isJson, "a turn holds something that JSON does not");
  ensure(typeof turn.output === "string", "a turn's output is no text");
  ensure(turn.codeMs >= 0, `codeMs is ${turn.codeMs}`);
  ensureCalls(turn, spec, callsBefore);
  ensureCut(turn);
  ensureState(turn.state, spec, callsBefore + turn.calls.length);
}

function ensureCalls({ calls }: Turn, spec: ReplSpec, callsBefore: number): void {
  const numbers = calls.map(({ index }) => index);
  const expected = calls.map((_, place) => callsBefore + place);
  ensureEqual(numbers, expected, "the list of indices of a turn's calls");
  const known = new Set([...spec.functions, ...BUILTINS]);
  for (const { name, args } of calls) {
    ensure(known.has(name), `a call is of ${name}, which the REPL was not given`);
    ensure(Array.isArray(args), `the arguments of ${name} are no list`);
  }
}

function ensureCut({ outputCut, output }: Turn): void {
  if (outputCut === undefined) return;
  const { kept, total } = outputCut;
  ensure(kept < total, `outputCut says that ${kept} of ${total} characters were kept`);
  ensure(
    output.length >= kept,
    `outputCut says that ${kept} characters were kept, and there are ${output.length}`,
  );
}

function ensureState(state: TurnState, spec: ReplSpec, calls: number): void {
  if (state.kind === "idle") return;
  if (state.kind === "lost") {
    ensure(state.blame === "block" || state.blame === "none", "a lost turn does not say who is to blame");
    ensure(state.message !== "", "a lost turn does not say what happened");
    return;
  }
  const isKnown = state.kind === "ended" || state.kind === "threw";
  ensure(isKnown, `a turn's state is of an unknown kind: ${JSON.stringify(state)}`);
  for (const index of state.unawaited) {
    ensure(
      Number.isInteger(index) && index >= 0 && index < calls,
      `unawaited names call ${index} of ${calls}`,
    );
  }
  for (const { key, start, end } of state.reads) {
    const characters = spec.contexts.find((context) => context.key === key)?.characters ?? -1;
    ensure(0 <= start && start <= end && end <= characters, `reads names ${key} from ${start} to ${end}`);
  }
  for (const { preview } of state.variables) {
    ensure(preview.length <= MAX_PREVIEW, `the preview of a variable has ${preview.length} characters`);
  }
}
