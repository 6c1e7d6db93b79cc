/** Where a value is wrong, seen from the value that was checked, and what should stand there. */
export interface Fault {
  /** Like `.block.reads[2].start`, empty for the value itself. */
  readonly path: string;
  readonly expected: string;
  readonly found: unknown;
}

/**
 * Says what is wrong with a value, or `null` when it passes. Paths are put together only on the way out
 * of a failure, so that a good value costs no text.
 */
export type Test = (value: unknown) => Fault | null;

/** A test that is passed by exactly the values of `T`. */
export interface Check<T> extends Test {
  /** Never there: it ties the check to the type it stands for, both ways. */
  readonly accepts?: (value: T) => T;
}

/** The fault of a value that is not what it should be. */
export function fault(expected: string, found: unknown): Fault {
  return { path: "", expected, found };
}

/** A check for one value or `null`. */
export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value) => {
    const wrong = value === null ? null : check(value);
    return wrong === null || wrong.path !== "" ? wrong : { ...wrong, expected: `${wrong.expected} or null` };
  };
}

/** A check for values that pass a test, described in words. */
export function that<T>(expected: string, test: (value: unknown) => boolean): Check<T> {
  return (value) => (test(value) ? null : fault(expected, value));
}

/** A check for exactly this value. */
export function exactly<const T extends string | boolean>(wanted: T): Check<T> {
  return that(JSON.stringify(wanted), (value) => value === wanted);
}

/** A check for one of the names of a closed union; the compiler sees that none is left out. */
export function oneOf<T extends string>(names: Readonly<Record<T, true>>): Check<T> {
  const known: ReadonlySet<unknown> = new Set(Object.keys(names));
  return that(`one of ${[...known].join(", ")}`, (value) => known.has(value));
}

/** A check for a list whose every element passes. */
export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return fault("a list", value);
    for (let i = 0; i < value.length; i++) {
      const wrong = check(value[i]);
      if (wrong !== null) return { ...wrong, path: `[${i}]${wrong.path}` };
    }
    return null;
  };
}

/** Any text, the empty one included. */
export const text: Check<string> = that("text", (value) => typeof value === "string");

/** A name or id: text that is not empty. */
export const name: Check<string> = that("a name", (value) => typeof value === "string" && value !== "");

/** True or false. */
export const flag: Check<boolean> = that("true or false", (value) => typeof value === "boolean");

/** A whole number from 0 that a double holds exactly. */
export const count: Check<number> = that(
  "a whole number from 0",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);

/** A finite number from 0: an amount, or a time in milliseconds. */
export const amount: Check<number> = that(
  "a finite number from 0",
  (value) => Number.isFinite(value) && Number(value) >= 0,
);

const HEXADECIMAL = /^[0-9a-f]{64}$/;

/** A SHA-256 digest. Digests name files, so that nothing else may pass for one. */
export const digest: Check<string> = that(
  "a SHA-256 digest (64 hexadecimal digits)",
  (value) => typeof value === "string" && HEXADECIMAL.test(value),
);
