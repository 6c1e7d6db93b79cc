/** The value that a text stands for, or `null` when it stands for none. */
export type ReadValue<T> = (text: string) => T | null;

/** The value of an option that may be absent, or `undefined`. */
export type ReadOption = <T>(
  name: string,
  text: string | undefined,
  value: ReadValue<T>,
  expects: string,
) => T | undefined;

/** Reads options; what is wrong with one is added to the problems. */
export function optionReader(problems: string[]): ReadOption {
  return (name, text, value, expects) => {
    if (text === undefined) return undefined;
    const found = value(text);
    if (found === null) problems.push(`${name} must be ${expects}, not ${JSON.stringify(text)}`);
    return found ?? undefined;
  };
}

const COUNT = /^(\d+(?:\.\d+)?)([kKmM]?)$/;
const DURATION = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/;
const COUNT_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6 };

/** A whole number of at least `least`. */
export function wholeNumber(least: number): ReadValue<number> {
  return (text) => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= least && Number.isSafeInteger(value) ? value : null;
  };
}

/** A number of things above 0, `k` for thousands and `M` for millions: `200k`, `1.5M`. */
export const readCount: ReadValue<number> = (text) => {
  const [, digits, unit = ""] = COUNT.exec(text) ?? [];
  if (digits === undefined) return null;
  const value = Math.round(Number(digits) * (COUNT_UNITS[unit.toLowerCase()] ?? 1));
  return value > 0 && Number.isSafeInteger(value) ? value : null;
};

/** A sum in US dollars above 0, with or without the sign. */
export const readDollars: ReadValue<number> = (text) => {
  const value = Number(text.replace(/^\$/, ""));
  return /^\$?\d*\.?\d+$/.test(text) && value > 0 ? value : null;
};

/** Milliseconds of a span above 0: `90s`, `10m`, `1h30m`; a bare number is seconds. */
export const readDuration: ReadValue<number> = (text) => {
  const bare = /^\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text;
  const [, hours = "0", minutes = "0", seconds = "0"] = DURATION.exec(bare) ?? ["", "0", "0", "0"];
  const value = Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000);
  return value > 0 && Number.isSafeInteger(value) ? value : null;
};

/** Dollars for a million tokens of input and of output: `2.5/10`. */
export const readPrice: ReadValue<{ readonly input: number; readonly output: number }> = (text) => {
  const [, input, output] = /^(\d*\.?\d+)\/(\d*\.?\d+)$/.exec(text) ?? [];
  return input === undefined || output === undefined
    ? null
    : { input: Number(input), output: Number(output) };
};

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[]): ReadValue<Word> {
  return (text) => words.find((word) => word === text) ?? null;
}
