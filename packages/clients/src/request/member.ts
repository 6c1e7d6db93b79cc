/** The member of whatever a provider sent, or `undefined` when there is no such thing. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** The members of whatever a provider sent; none when there are no such things. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : NONE;
}

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});
