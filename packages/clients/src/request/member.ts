/** The member of whatever a provider sent, or `undefined` when there is no such thing. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
