import type { JsonValue } from "../../data/json.ts";
import { Evaluation, type Issue, type SchemaNode } from "./evaluation.ts";
import { showValue } from "./show-value.ts";
import { throughJson } from "./through-json.ts";

/** A value that fits, as a copy in plain JSON, or what is wrong with it. */
export type Judgement =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Judges a value by a compiled schema in bounded time; one that would take longer does not fit. Never throws. */
export function judgeValue(root: SchemaNode, value: unknown): Judgement {
  const json = throughJson(value);
  if ("problem" in json) return misfit(`wanted JSON, got ${showValue(value)} (${json.problem})`);
  const evaluation = new Evaluation();
  const ok = evaluation.check(root, json.value, null);
  if (evaluation.exhausted)
    return misfit("is too large or too deeply nested to be checked against its schema");
  return ok ? { ok, value: json.value } : { ok, issues: evaluation.issues };
}

function misfit(message: string): Judgement {
  return { ok: false, issues: [{ path: [], message }] };
}
