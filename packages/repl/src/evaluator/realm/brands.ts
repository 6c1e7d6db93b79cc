import {
  append,
  bareList,
  errorPrototype,
  isArray,
  objectPrototype,
  ownValue,
  promisePrototype,
  reflectApply,
  reflectGetOwnPropertyDescriptor,
  reflectGetPrototypeOf,
  typedArrayPrototype,
} from "./primordials.ts";

/** What an object is, as far as printing and sending care. */
export type Brand =
  | "plain"
  | "array"
  | "map"
  | "set"
  | "date"
  | "regexp"
  | "error"
  | "promise"
  | "typedArray"
  | "arrayBuffer"
  | "dataView"
  | "weak"
  | "boxed"
  | "function"
  | "instance";

interface Known {
  readonly prototype: object;
  readonly brand: Brand;
  /** Throws when the object has not the inner slots of the brand. */
  readonly check: ((value: object) => unknown) | null;
}

function getter(prototype: object | null, key: PropertyKey): (value: object) => unknown {
  const get = prototype === null ? undefined : reflectGetOwnPropertyDescriptor(prototype, key)?.get;
  return (value) => (get === undefined ? undefined : reflectApply(get, value, []));
}

function method(prototype: object, key: PropertyKey): (value: object) => unknown {
  const found = ownValue(prototype, key);
  return (value) => (typeof found === "function" ? reflectApply(found, value, []) : undefined);
}

/** Number of entries of a Map; throws for anything else. */
export const mapSize: (value: object) => unknown = getter(Map.prototype, "size");
/** Number of members of a Set; throws for anything else. */
export const setSize: (value: object) => unknown = getter(Set.prototype, "size");
/** Number of elements of a typed array; 0 for anything else. */
export const typedArrayLength: (value: object) => unknown = getter(typedArrayPrototype, "length");
/** The class of a typed array, `undefined` for anything else. */
export const typedArrayName: (value: object) => unknown = getter(typedArrayPrototype, Symbol.toStringTag);
/** Bytes of an ArrayBuffer; throws for anything else. */
export const bufferLength: (value: object) => unknown = getter(ArrayBuffer.prototype, "byteLength");

const stringValue = method(String.prototype, "valueOf");
const numberValue = method(Number.prototype, "valueOf");
const booleanValue = method(Boolean.prototype, "valueOf");

/** The primitive that `new String`, `new Number` or `new Boolean` holds. */
export function unboxed(value: object): unknown {
  const readers = [stringValue, numberValue, booleanValue];
  for (let i = 0; i < readers.length; i += 1) {
    try {
      return readers[i]?.(value);
    } catch {
      // Of another kind.
    }
  }
  return undefined;
}

const known: Known[] = bareList();
function learn(prototype: object, brand: Brand, check: Known["check"]): void {
  append(known, { prototype, brand, check });
}
learn(objectPrototype, "plain", null);
learn(Map.prototype, "map", mapSize);
learn(Set.prototype, "set", setSize);
learn(Date.prototype, "date", method(Date.prototype, "getTime"));
learn(RegExp.prototype, "regexp", getter(RegExp.prototype, "source"));
learn(errorPrototype, "error", null);
learn(promisePrototype, "promise", null);
if (typedArrayPrototype !== null) learn(typedArrayPrototype, "typedArray", typedArrayLength);
learn(ArrayBuffer.prototype, "arrayBuffer", bufferLength);
learn(DataView.prototype, "dataView", getter(DataView.prototype, "byteLength"));
learn(WeakMap.prototype, "weak", null);
learn(WeakSet.prototype, "weak", null);
learn(String.prototype, "boxed", stringValue);
learn(Number.prototype, "boxed", numberValue);
learn(Boolean.prototype, "boxed", booleanValue);

const PROTOTYPES_LOOKED_AT = 50;

/** What the object is. Runs a guest's code only where it is a Proxy; what that throws counts as `instance`. */
export function brandOf(value: object): Brand {
  if (typeof value === "function") return "function";
  try {
    if (isArray(value)) return "array";
    let prototype = reflectGetPrototypeOf(value);
    if (prototype === null) return "plain";
    const first = prototype;
    for (let step = 0; prototype !== null && step < PROTOTYPES_LOOKED_AT; step += 1) {
      const brand = brandOfPrototype(prototype, value);
      if (brand === "plain") return first === prototype ? "plain" : "instance";
      if (brand !== null) return brand;
      prototype = reflectGetPrototypeOf(prototype);
    }
  } catch {
    return "instance";
  }
  return "instance";
}

function brandOfPrototype(prototype: object, value: object): Brand | null {
  for (let i = 0; i < known.length; i += 1) {
    const entry = known[i];
    if (entry === undefined || entry.prototype !== prototype) continue;
    if (entry.check === null || passes(entry.check, value)) return entry.brand;
  }
  return null;
}

function passes(check: (value: object) => unknown, value: object): boolean {
  try {
    check(value);
    return true;
  } catch {
    return false;
  }
}
