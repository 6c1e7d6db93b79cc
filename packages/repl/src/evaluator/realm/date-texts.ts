import {
  dateParse,
  defineMethods,
  defineValue,
  isFiniteNumber,
  OriginalDate,
  ownValue,
  reflectApply,
  regExpExec,
} from "./primordials.ts";

/** Reading and writing of dates in UTC. */
export interface DateTexts {
  /** Epoch milliseconds of a date as text; text that names no zone is UTC. */
  readonly parse: (text: string) => number;
  /** As `toString` gives it. */
  readonly full: (date: object) => string;
}

/** Date and time without a zone, which the language takes for local time. */
const ISO_LOCAL = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?$/;
const ISO = /^[+-]?\d{4,6}-\d\d(?:-\d\d)?(?:T|$)/;
/** What the other formats end with when they name a zone. */
const ZONE = /(?:Z|UTC?|GMT|[ECMP][SD]T|[+-]\d{1,2}:?\d{2}|GMT[+-]\d{1,2})\s*(?:\([^()]*\))?\s*$/i;

function parseInUtc(text: string): number {
  if (text.length > 200) return NaN;
  if (regExpExec(ISO_LOCAL, text) !== null) return dateParse(`${text}Z`);
  if (regExpExec(ISO, text) !== null || regExpExec(ZONE, text) !== null) return dateParse(text);
  const inUtc = dateParse(`${text} UTC`);
  return isFiniteNumber(inUtc) ? inUtc : dateParse(text);
}

/** The parts of a date, moved from local time to UTC. */
const PARTS = ["Date", "Day", "FullYear", "Hours", "Milliseconds", "Minutes", "Month", "Seconds"];

/** Makes the methods of Date work in UTC and gives the functions they share. Call it once. */
export function fixedDateTexts(): DateTexts {
  const { prototype } = OriginalDate;
  const { toUTCString, getTime, getUTCFullYear, setUTCFullYear } = prototype;
  for (let i = 0; i < PARTS.length; i += 1) {
    const part = PARTS[i] ?? "";
    defineValue(prototype, `get${part}`, ownValue(prototype, `getUTC${part}`), false);
    if (part !== "Day") defineValue(prototype, `set${part}`, ownValue(prototype, `setUTC${part}`), false);
  }
  /** `Sun, 22 Nov 2026 16:00:00 GMT` in the order of `toString`, or `null` for an invalid date. */
  const pieces = (date: object): RegExpExecArray | null =>
    regExpExec(UTC_TEXT, reflectApply(toUTCString, date as Date, []));
  const day = (date: object): string => {
    const found = pieces(date);
    return found === null ? INVALID : `${found[1]} ${found[3]} ${found[2]} ${found[4]}`;
  };
  const time = (date: object): string => {
    const found = pieces(date);
    return found === null ? INVALID : `${found[5]} GMT+0000 (Coordinated Universal Time)`;
  };
  const full = (date: object): string => (pieces(date) === null ? INVALID : `${day(date)} ${time(date)}`);
  const methods = {
    toString(this: object): string {
      return full(this);
    },
    toDateString(this: object): string {
      return day(this);
    },
    toTimeString(this: object): string {
      return time(this);
    },
    getTimezoneOffset(this: Date): number {
      return reflectApply(getTime, this, []) * 0;
    },
    getYear(this: Date): number {
      return reflectApply(getUTCFullYear, this, []) - 1900;
    },
    setYear(this: Date, year: number): number {
      const short = year >= 0 && year <= 99;
      return reflectApply(setUTCFullYear, this, [short ? year + 1900 : year]);
    },
  };
  defineMethods(prototype, methods);
  return { parse: parseInUtc, full };
}

const INVALID = "Invalid Date";
const UTC_TEXT = /^(\w+), (\d+) (\w+) (-?\d+) ([\d:]+) GMT$/;
