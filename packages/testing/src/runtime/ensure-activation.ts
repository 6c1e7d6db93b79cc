import { isDeepStrictEqual } from "node:util";
import type { Activation, ActivationState, ReplSpec } from "@rlmflow/core/driver";
import { ensure, ensureEqual } from "../contract/contract.ts";

const BUILTINS = ["delegate", "wait", "llmQuery", "done"];
const MAX_PREVIEW = 80;

/** What holds of every activation, whatever the code: shapes, numbers in their ranges, calls numbered on. */
export function ensureActivation(activation: Activation, spec: ReplSpec, callsBefore: number): void {
  const isJson = isDeepStrictEqual(JSON.parse(JSON.stringify(activation)), activation);
  ensure(isJson, "an activation holds something that JSON does not");
  ensure(typeof activation.output === "string", "an activation's output is no text");
  ensure(activation.codeMs >= 0, `codeMs is ${activation.codeMs}`);
  ensureCalls(activation, spec, callsBefore);
  ensureCut(activation);
  ensureState(activation.state, spec, callsBefore + activation.calls.length);
}

function ensureCalls({ calls }: Activation, spec: ReplSpec, callsBefore: number): void {
  const numbers = calls.map(({ index }) => index);
  const expected = calls.map((_, place) => callsBefore + place);
  ensureEqual(numbers, expected, "the list of indices of an activation's calls");
  const known = new Set([...spec.functions, ...BUILTINS]);
  for (const { name, args } of calls) {
    ensure(known.has(name), `a call is of ${name}, which the REPL was not given`);
    ensure(Array.isArray(args), `the arguments of ${name} are no list`);
  }
}

function ensureCut({ outputCut, output }: Activation): void {
  if (outputCut === undefined) return;
  const { kept, total } = outputCut;
  ensure(kept < total, `outputCut says that ${kept} of ${total} characters were kept`);
  ensure(
    output.length >= kept,
    `outputCut says that ${kept} characters were kept, and there are ${output.length}`,
  );
}

function ensureState(state: ActivationState, spec: ReplSpec, calls: number): void {
  if (state.kind === "idle") return;
  if (state.kind === "lost") {
    ensure(
      state.blame === "block" || state.blame === "none",
      "a lost activation does not say who is to blame",
    );
    ensure(state.message !== "", "a lost activation does not say what happened");
    return;
  }
  const isKnown = state.kind === "ended" || state.kind === "threw";
  ensure(isKnown, `an activation's state is of an unknown kind: ${JSON.stringify(state)}`);
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
