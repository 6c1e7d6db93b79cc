import {
  array,
  check,
  custom,
  finite,
  type GenericSchema,
  type InferOutput,
  integer,
  maxValue,
  minValue,
  number,
  type ObjectEntries,
  pipe,
  record,
  type StrictObjectSchema,
  strictObject,
  string,
  transform,
} from "valibot";

/** The numbers that an option takes, both ends included. */
export interface OptionRange {
  readonly least: number;
  readonly most: number;
  /** What is counted, in the plural: `milliseconds`. */
  readonly unit?: string;
}

/** A whole number within a range. */
export function wholeNumber(range: OptionRange): GenericSchema<number> {
  const { least, most } = range;
  const what = `a whole number ${within(range)}`;
  return pipe(number(what), integer(what), minValue(least, what), maxValue(most, what));
}

/** A number within a range, fractions included. */
export function anyNumber(range: OptionRange): GenericSchema<number> {
  const { least, most } = range;
  const what = `a number ${within(range)}`;
  return pipe(number(what), finite(what), minValue(least, what), maxValue(most, what));
}

function within({ least, most, unit }: OptionRange): string {
  return `${unit === undefined ? "" : `of ${unit} `}from ${least} to ${most}`;
}

/** A text that is not empty and has no NUL; `what` tells it to who gives another. */
export function word(what: string): GenericSchema<string> {
  return pipe(
    string(what),
    check((text) => text !== "" && !text.includes("\0"), what),
  );
}

/** A list of such texts; `what` tells the list. */
export function words(what: string): GenericSchema<string[]> {
  return array(word("a text that is not empty"), what);
}

/** Options without those that are there and `undefined`. */
export type GivenOptions<Options> = { [Name in keyof Options]: Exclude<Options[Name], undefined> };

/** A record with these options and no others. One that is `undefined` is as good as left out. */
export function optionRecord<const Entries extends ObjectEntries>(
  entries: Entries,
  what: string,
): GenericSchema<unknown, GivenOptions<InferOutput<StrictObjectSchema<Entries, string>>>> {
  return pipe(plainRecord(what), strictObject(entries, what), transform(withoutUndefined));
}

/** A record of values under names of the user's own. */
export function namedValues<Value>(
  name: GenericSchema<string>,
  value: GenericSchema<unknown, Value>,
  what: string,
): GenericSchema<unknown, Record<string, Value>> {
  return pipe(plainRecord(what), record(name, value, what));
}

function plainRecord(what: string): GenericSchema<object> {
  return custom<object>(
    (given) => typeof given === "object" && given !== null && !Array.isArray(given),
    what,
  );
}

function withoutUndefined<Options extends object>(options: Options): GivenOptions<Options> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as GivenOptions<Options>;
}
