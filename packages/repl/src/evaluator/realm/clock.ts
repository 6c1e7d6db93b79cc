// The clock of a block: it stands still while code runs and moves when an answer arrives.
//
// Owns: `Date` and `Temporal.Now` of the realm. Invariants: (1) no path leads to the system's clock;
// (2) the local time zone is UTC wherever the sandbox runs.
import { fixedDateTexts } from "./date-texts.ts";
import {
  bareList,
  callUnknown,
  dateGetTime,
  dateUTC,
  defineFixed,
  defineMethods,
  defineValue,
  isFiniteNumber,
  methodOf,
  OriginalDate,
  ownValue,
  realmGlobal,
  reflectApply,
  reflectConstruct,
  stringOf,
} from "./primordials.ts";

/** Where the clock of a REPL stands, in epoch milliseconds. */
export interface Clock {
  now: number;
}

/** Makes `Date` and `Temporal.Now` of the realm follow the clock. */
export function installClock(clock: Clock): void {
  const texts = fixedDateTexts();
  const FixedDate = function (...args: unknown[]): unknown {
    if (new.target === undefined) return texts.full(reflectConstruct(OriginalDate, [clock.now]));
    return reflectConstruct(OriginalDate, timeArguments(args, clock, texts.parse), new.target);
  };
  defineFixed(FixedDate, "prototype", OriginalDate.prototype);
  defineValue(FixedDate, "name", "Date", false);
  defineValue(FixedDate, "length", 7, false);
  defineValue(FixedDate, "now", { now: () => clock.now }.now, false);
  defineValue(FixedDate, "parse", { parse: (text: unknown) => texts.parse(`${text}`) }.parse, false);
  defineValue(FixedDate, "UTC", dateUTC, false);
  defineValue(OriginalDate.prototype, "constructor", FixedDate, false);
  defineValue(realmGlobal, "Date", FixedDate, false);
  const temporal: unknown = ownValue(realmGlobal, "Temporal");
  if (typeof temporal === "object" && temporal !== null) installTemporalNow(temporal, clock);
}

/** Arguments for the original constructor: one number, so that it reads neither clock nor time zone. */
function timeArguments(args: readonly unknown[], clock: Clock, parse: (text: string) => number): unknown[] {
  const time = bareList<unknown>();
  const first = args[0];
  if (args.length === 0) time[0] = clock.now;
  else if (args.length > 1) time[0] = reflectApply(dateUTC, undefined, args as [number, number]);
  else
    time[0] = typeof first === "object" && first !== null ? timeOfObject(first, parse) : timeOf(first, parse);
  return time;
}

function timeOf(value: unknown, parse: (text: string) => number): unknown {
  return typeof value === "string" ? parse(value) : value;
}

function timeOfObject(value: object, parse: (text: string) => number): unknown {
  try {
    return dateGetTime(value as Date);
  } catch {
    return timeOf(primitiveOf(value), parse);
  }
}

/** A primitive as `new Date(object)` sees it: a number where the object gives one. */
function primitiveOf(value: object): unknown {
  const text = stringOf(value);
  const number = +text;
  return text !== "" && isFiniteNumber(number) ? number : text;
}

/** `Temporal.Now` by the clock, in UTC unless a zone is named. */
function installTemporalNow(temporal: object, clock: Clock): void {
  const now = ownValue(temporal, "Now");
  const instantClass = ownValue(temporal, "Instant");
  if (typeof now !== "object" || now === null || typeof instantClass !== "function") return;
  const fromTime = ownValue(instantClass, "fromEpochMilliseconds");
  const instant = (): unknown => callUnknown(fromTime, instantClass, [clock.now]);
  const toZoned = methodOf(instant(), "toZonedDateTimeISO");
  const zoned = (zone: unknown): unknown => callUnknown(toZoned, instant(), [zone ?? "UTC"]);
  const part = (name: string): ((zone?: unknown) => unknown) => {
    const convert = methodOf(zoned("UTC"), name);
    return (zone) => callUnknown(convert, zoned(zone), []);
  };
  defineMethods(now, {
    timeZoneId: () => "UTC",
    instant,
    zonedDateTimeISO: (zone?: unknown) => zoned(zone),
    plainDateTimeISO: part("toPlainDateTime"),
    plainDateISO: part("toPlainDate"),
    plainTimeISO: part("toPlainTime"),
  });
}
