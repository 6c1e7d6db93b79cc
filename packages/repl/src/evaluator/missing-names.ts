import {
  bare,
  objectFreeze,
  objectPrototype,
  ProxyConstructor,
  reflectGet,
  reflectHas,
  reflectSetPrototypeOf,
} from "./primordials.ts";

/** What a name stands for that an object does not have: gives a value, or throws what there is instead. */
export type ExplainName = (name: string, self: unknown) => unknown;

/**
 * An object to end a chain of prototypes with, in place of `Object.prototype`, which it stands for as well: what is
 * looked up and found nowhere is asked of `explain`. Symbols are looked up as ever.
 */
export function missingNames(explain: ExplainName): object {
  const target = bare({});
  reflectSetPrototypeOf(target, objectPrototype);
  const get = (_: object, key: PropertyKey, self: unknown): unknown =>
    typeof key === "string" && !reflectHas(target, key) ? explain(key, self) : reflectGet(target, key, self);
  return new ProxyConstructor(objectFreeze(target), objectFreeze(bare({ get })));
}
