/** Whatever a provider sent, as named values: nothing about it is trusted. */
export type Members = Readonly<Record<string, unknown>>;

/** The members of whatever a provider sent; none when there are no such things. */
export function members(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : NONE;
}

const NONE: Members = Object.freeze({});
