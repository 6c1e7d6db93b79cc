import {
  bare,
  objectFreeze,
  objectPrototype,
  ProxyConstructor,
  reflectGet,
  reflectHas,
  reflectSetPrototypeOf,
} from "./primordials.ts";

/** Called for a name that an object does not have: returns a value, or throws an error that says what to use. */
export type ExplainName = (name: string, self: unknown) => unknown;

/**
 * A last prototype, to be used in place of `Object.prototype`. It has the same properties, and calls `explain` for a
 * string name that is found nowhere. Symbols are looked up as usual.
 */
export function missingNames(explain: ExplainName): object {
  const target = bare({});
  reflectSetPrototypeOf(target, objectPrototype);
  const get = (_: object, key: PropertyKey, self: unknown): unknown =>
    typeof key === "string" && !reflectHas(target, key) ? explain(key, self) : reflectGet(target, key, self);
  return new ProxyConstructor(objectFreeze(target), objectFreeze(bare({ get })));
}
