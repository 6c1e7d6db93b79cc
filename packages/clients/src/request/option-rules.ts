import { RLMError } from "@rlmflow/core";

/** What one option must be; `expects` completes the sentence "it must be …". */
export interface OptionRule {
  readonly expects: string;
  readonly required?: true;
  accepts(value: unknown): boolean;
}

/** One rule for each option of a factory. */
export type OptionRules<Options> = { readonly [Key in keyof Options]-?: OptionRule };

/** Throws `invalid_options` that names every option that is missing, unknown or wrong, all at once. */
export function checkOptions<Options extends object>(
  factory: string,
  options: Options,
  rules: OptionRules<Options>,
): void {
  const given = new Map<string, unknown>(Object.entries(options));
  const known = new Map<string, OptionRule>(Object.entries(rules));
  const problems = [
    ...[...given.keys()].filter((name) => !known.has(name)).map((name) => `${name}: there is no such option`),
    ...[...known].flatMap(([name, rule]) => problemOf(name, given.get(name), rule)),
  ];
  if (problems.length === 0) return;
  const list = problems.map((problem) => `\n- ${problem}`).join("");
  throw new RLMError("invalid_options", `${factory} was given options it cannot use:${list}`, {
    details: { problems },
  });
}

function problemOf(name: string, value: unknown, rule: OptionRule): readonly string[] {
  if (value === undefined) return rule.required ? [`${name}: it is missing; it must be ${rule.expects}`] : [];
  return rule.accepts(value) ? [] : [`${name}: it must be ${rule.expects}`];
}

/** A string with something in it. */
export const text: OptionRule = {
  expects: "a string that is not empty",
  accepts: (value) => typeof value === "string" && value.trim() !== "",
};

/** A string with something in it that cannot be left out. */
export const requiredText: OptionRule = { ...text, required: true };

/** True or false. */
export const flag: OptionRule = { expects: "true or false", accepts: (value) => typeof value === "boolean" };

/** A count of tokens. */
export const tokens: OptionRule = {
  expects: "a whole number above 0",
  accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0,
};

/** A duration that a timer can hold. */
export const milliseconds: OptionRule = {
  expects: "a whole number of milliseconds from 1 to 2,000,000,000",
  accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= 2_000_000_000,
};

/** An absolute web address. */
export const webAddress: OptionRule = {
  expects: "an absolute http or https address",
  accepts: (value) => typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value),
};

/** A plain object of strings. */
export const headerTable: OptionRule = {
  expects: "an object of strings",
  accepts: (value) => isTable(value) && Object.values(value).every((header) => typeof header === "string"),
};

/** A plain object. */
export const table: OptionRule = { expects: "an object", accepts: isTable };

/** One of a few words. */
export function oneOf(words: readonly string[]): OptionRule {
  return {
    expects: `one of ${words.join(", ")}`,
    accepts: (value) => typeof value === "string" && words.includes(value),
  };
}

/** True for an object that is no list. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
