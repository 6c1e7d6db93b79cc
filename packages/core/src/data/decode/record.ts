import { type Check, type Fault, fault, type Test } from "./check.ts";

/** The check of a field that may be absent. */
export interface Optional<T> {
  readonly optional: Check<T>;
}

/** One check a field, so that a field that is added to the type and not to its check does not compile. */
export type Shape<T> = {
  readonly [K in keyof T]-?: Partial<Pick<T, K>> extends Pick<T, K>
    ? Optional<Exclude<T[K], undefined>>
    : Check<T[K]>;
};

/** Marks a field that may be absent. */
export function optional<T>(check: Check<T>): Optional<T> {
  return { optional: check };
}

/** True for an object as JSON makes one: no list, no instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A fault inside a field, seen from the object. */
export function inField(key: string, inner: Fault): Fault {
  const step = /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  return { ...inner, path: step + inner.path };
}

interface Field {
  readonly key: string;
  readonly check: Test;
  readonly required: boolean;
}

function fieldsOf(shape: Readonly<Record<string, Test | { readonly optional: Test }>>): readonly Field[] {
  return Object.entries(shape).map(([key, entry]) =>
    typeof entry === "function"
      ? { key, check: entry, required: true }
      : { key, check: entry.optional, required: false },
  );
}

/** A check for an object with these fields and no other. `together` sees it when every field has passed. */
export function record<T extends object>(
  shape: Shape<T>,
  together?: (value: Readonly<Record<string, unknown>>) => Fault | null,
): Check<T> {
  const fields = fieldsOf(shape);
  return (value) => {
    if (!isPlainObject(value)) return fault("an object", value);
    let seen = 0;
    for (const { key, check, required } of fields) {
      const found = value[key];
      if (found === undefined) {
        if (required) return inField(key, check(undefined) ?? fault("there", undefined));
        continue;
      }
      seen++;
      const wrong = check(found);
      if (wrong !== null) return inField(key, wrong);
    }
    if (Object.keys(value).length !== seen) return unknownField(value, fields);
    return together?.(value) ?? null;
  };
}

function unknownField(value: Readonly<Record<string, unknown>>, fields: readonly Field[]): Fault {
  const known = new Set(fields.map(({ key }) => key));
  const key = Object.keys(value).find((name) => !known.has(name) || value[name] === undefined) ?? "";
  return inField(key, fault("absent", value[key]));
}

/** A check for one of several objects, told apart by a field. */
export function variant<T extends object, K extends keyof T & string>(
  key: K,
  checks: { readonly [V in T[K] & PropertyKey]: Check<Extract<T, { readonly [P in K]: V }>> },
): Check<T> {
  return variantBy(key, new Map<unknown, Test>(Object.entries(checks)));
}

/** {@link variant} for a field that is `true` or `false`. */
export function trueOrFalse<A extends object, B extends object>(
  key: string,
  whenTrue: Check<A>,
  whenFalse: Check<B>,
): Check<A | B> {
  return variantBy(
    key,
    new Map<unknown, Test>([
      [true, whenTrue],
      [false, whenFalse],
    ]),
  );
}

function variantBy<T>(key: string, checks: ReadonlyMap<unknown, Test>): Check<T> {
  const expected = `one of ${[...checks.keys()].join(", ")}`;
  return (value) => {
    if (!isPlainObject(value)) return fault("an object", value);
    const check = checks.get(value[key]);
    return check === undefined ? inField(key, fault(expected, value[key])) : check(value);
  };
}
