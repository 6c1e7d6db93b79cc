import { custom, type GenericSchema, type OptionalSchema, optional } from "valibot";
import type { ChannelTimes } from "../channel-port.ts";
import { javascriptLanguage } from "../javascript-language.ts";
import type { ReplLanguage } from "../repl-language.ts";
import type { EvaluatorLimits } from "../wire/evaluator-spec.ts";
import { type OptionRange, optionRecord, wholeNumber } from "./option-schemas.ts";

const HOUR_MS = 3_600_000;
const COMPUTING: OptionRange = { least: 10, most: HOUR_MS, unit: "milliseconds" };
const WAITING: OptionRange = { least: 100, most: 2 * HOUR_MS, unit: "milliseconds" };
const LIMIT: OptionRange = { least: 1, most: 2 ** 31, unit: "characters, values or calls" };
/** Between the time that the program in the sandbox holds itself and the one that is held from outside. */
const WALL_SLACK_MS = 20_000;

const limit = optional(wholeNumber(LIMIT));
const LIMITS = {
  outputKept: limit,
  argumentSize: limit,
  activationSize: limit,
  argumentNodes: limit,
  argumentDepth: limit,
  outstandingCalls: limit,
  callsPerBlock: limit,
  errorText: limit,
  variables: limit,
} as const satisfies Readonly<Record<keyof EvaluatorLimits, unknown>>;

/** The option `language`; JavaScript unless given. */
export const languageOption: GenericSchema<unknown, ReplLanguage> = optional(
  custom<ReplLanguage>(
    isLanguage,
    "a language: javascriptLanguage of @rlmflow/repl, or pythonLanguage of @rlmflow/repl-python",
  ),
  javascriptLanguage,
);

/** The option `limits`, caps of the evaluator; empty unless given. */
export const limitsOption: GenericSchema<unknown, Partial<EvaluatorLimits>> = optional(
  optionRecord(LIMITS, "a record of numbers"),
  {},
);

/** The option `timeMs`: milliseconds that code may compute without waiting; 10,000 unless given. */
export const timeOption: GenericSchema<unknown, number> = optional(wholeNumber(COMPUTING), 10_000);

/** One of the option `times`: milliseconds. */
export const waitingTime: OptionalSchema<GenericSchema<number>, undefined> = optional(wholeNumber(WAITING));

/** The option `times`; empty unless given. {@link channelTimes} fills it in. */
export const timesOption: GenericSchema<unknown, Partial<ChannelTimes>> = optional(
  optionRecord({ openMs: waitingTime, wallMs: waitingTime }, "a record of milliseconds"),
  {},
);

/** The times of a runtime whose code may compute for `timeMs`; an entry takes 20,000 ms more unless given. */
export function channelTimes(timeMs: number, openMs: number, times: Partial<ChannelTimes>): ChannelTimes {
  return { openMs, wallMs: timeMs + WALL_SLACK_MS, ...times };
}

/** What is wrong between `timeMs` and `times.wallMs`, a sentence. */
export function timeProblems(timeMs: number, { wallMs }: Partial<ChannelTimes>): readonly string[] {
  if (wallMs === undefined || wallMs >= timeMs) return [];
  return [`times.wallMs (${wallMs}) must not be below timeMs (${timeMs})`];
}

function isLanguage(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const isRecord = (name: keyof ReplLanguage): boolean => typeof Reflect.get(value, name) === "object";
  const isFunction = (name: keyof ReplLanguage): boolean => typeof Reflect.get(value, name) === "function";
  return isRecord("language") && isRecord("server") && isFunction("specText") && isFunction("blockText");
}
