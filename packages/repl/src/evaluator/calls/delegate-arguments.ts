import type { EvaluatorLimits } from "../../wire/evaluator-spec.ts";
import type { Slices } from "../context/slice.ts";
import { brandOf } from "../realm/brands.ts";
import { nativeOf } from "../realm/native-values.ts";
import {
  quote,
  reflectGet,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  TypeErrorConstructor,
} from "../realm/primordials.ts";
import { encodeJson } from "../values/encode-json.ts";
import type { NamedOption } from "./option-names.ts";

const DEFAULT_KEY = "context";

/** The options of `delegate` as JSON text, the `context` option turned into payloads. */
export function encodeDelegateOptions(
  options: readonly NamedOption[],
  slices: Slices,
  limits: EvaluatorLimits,
): string {
  let text = "";
  for (let i = 0; i < options.length; i += 1) {
    const option = options[i];
    if (option === undefined) continue;
    const { name, value } = option;
    const field =
      name === "context"
        ? `"contexts":[${encodePayloads(value, slices, limits)}]`
        : `${quote(name)}:${encodeJson(value, `the option ${name} of delegate`, limits)}`;
    text += text === "" ? field : `,${field}`;
  }
  if (text.length > limits.argumentSize) {
    throw tooLarge("the options of delegate are", limits);
  }
  return `{${text}}`;
}

/** A plain object is a set of payloads by key; anything else is one payload. */
function encodePayloads(context: unknown, slices: Slices, limits: EvaluatorLimits): string {
  if (typeof context !== "object" || context === null || slices.rangeOf(context) !== undefined) {
    return encodePayload(DEFAULT_KEY, context, slices, limits);
  }
  if (nativeOf(context) !== undefined || brandOf(context) !== "plain") {
    return encodePayload(DEFAULT_KEY, context, slices, limits);
  }
  const keys = reflectOwnKeys(context);
  let text = "";
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i];
    if (typeof key !== "string" || reflectGetOwnPropertyDescriptor(context, key)?.enumerable !== true)
      continue;
    const payload = encodePayload(key, reflectGet(context, key), slices, limits);
    text += text === "" ? payload : `,${payload}`;
  }
  return text;
}

function encodePayload(key: string, value: unknown, slices: Slices, limits: EvaluatorLimits): string {
  const range = slices.rangeOf(value);
  if (range !== undefined) {
    const slice = `{"key":${quote(range.key)},"start":${range.start},"end":${range.end}}`;
    return `{"kind":"slice","key":${quote(key)},"slice":${slice}}`;
  }
  if (value === undefined) throw new TypeErrorConstructor(`the context ${key} of delegate is undefined`);
  const json =
    typeof value === "string" ? value : encodeJson(value, `the context ${key} of delegate`, limits);
  if (json.length > limits.argumentSize) {
    throw tooLarge(`the context ${key} of delegate is`, limits);
  }
  return `{"kind":"text","key":${quote(key)},"text":${quote(json)}}`;
}

function tooLarge(what: string, { argumentSize }: EvaluatorLimits): Error {
  return new TypeErrorConstructor(
    `${what} larger than ${argumentSize} characters; hand over smaller parts, or CONTEXT.slice(start, end) where it is part of CONTEXT`,
  );
}
