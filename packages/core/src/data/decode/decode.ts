import { RLMError, type RLMErrorCode } from "../../errors.ts";
import { deepFreeze } from "../json.ts";
import type { Check } from "./check.ts";

/** What a decoder says about its input when the input is wrong. */
export interface DecodeOptions {
  /** How a reader of the message finds the value: `$`, or a file and line. */
  readonly where: string;
  readonly what: string;
  readonly code: RLMErrorCode;
  /** Where such a value comes from, when it is not from a file. */
  readonly advice?: string;
}

const FROM_A_FILE = "It was changed after it was written, or written by another version of rlmflow.";

/** The value, frozen all the way down, when the check passes; else an RLMError that names place and expectation. */
export function decode<T>(check: Check<T>, value: unknown, options: DecodeOptions): T {
  const wrong = check(value);
  if (wrong === null) return deepFreeze(value as T);
  const { where, what, code, advice = FROM_A_FILE } = options;
  const place = `${where}${wrong.path}`;
  throw new RLMError(
    code,
    `This is not ${what}: ${place} should be ${wrong.expected} but is ${inWords(wrong.found)}. ${advice}`,
    { details: { place, expected: wrong.expected } },
  );
}

function inWords(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string")
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 60))}…` : JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
