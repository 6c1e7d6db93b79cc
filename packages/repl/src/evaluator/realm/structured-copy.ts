import { type Brand, brandOf } from "./brands.ts";
import { mapEntries, setValues } from "./iteration.ts";
import { nativeOf } from "./native-values.ts";
import {
  append,
  bareList,
  callUnknown,
  dateGetTime,
  defineValue,
  handOver,
  isArray,
  isRegExp,
  MapConstructor,
  mapGet,
  mapSet,
  OriginalDate,
  RegExpConstructor,
  reflectConstruct,
  reflectGet,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  regExpFlags,
  regExpSource,
  SetConstructor,
  setAdd,
  TypeErrorConstructor,
  typedArraySlice,
} from "./primordials.ts";

/**
 * `structuredClone` for what code uses it for: plain values, lists, Map, Set, Date, typed arrays, with
 * cycles. Instances become plain objects; functions, promises and handles are refused.
 */
export function structuredCopy(value: unknown): unknown {
  return copy(value, new MapConstructor());
}

function copy(value: unknown, seen: Map<object, object>): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw refuse(`a ${typeof value}`);
  if (typeof value !== "object" || value === null) return value;
  const known = mapGet(seen, value);
  if (known !== undefined) return known;
  if (nativeOf(value) !== undefined) throw refuse("a handle or a slice");
  return copyObject(brandOf(value), value, seen);
}

function copyObject(brand: Brand, value: object, seen: Map<object, object>): object {
  switch (brand) {
    case "array":
      return isArray(value) ? copyList(value, seen) : [];
    case "map":
      return copyMap(value, seen);
    case "set":
      return copySet(value, seen);
    case "date":
      return reflectConstruct(OriginalDate, [dateGetTime(value as Date)]);
    case "regexp":
      return isRegExp(value) ? copyRegExp(value) : {};
    case "typedArray":
      return copyTyped(value);
    case "plain":
    case "instance":
      return copyProperties(value, {}, seen);
    default:
      throw refuse(`a ${brand}`);
  }
}

function copyList(list: readonly unknown[], seen: Map<object, object>): object {
  const items = bareList<unknown>();
  mapSet(seen, list, items);
  const { length } = list;
  for (let i = 0; i < length; i += 1) append(items, copy(list[i], seen));
  return handOver(items);
}

function copyMap(map: object, seen: Map<object, object>): object {
  const copied = new MapConstructor<unknown, unknown>();
  mapSet(seen, map, copied);
  const next = mapEntries(map);
  for (let entry = next(); entry !== null; entry = next()) {
    mapSet(copied, copy(entry[0], seen), copy(entry[1], seen));
  }
  return copied;
}

function copySet(set: object, seen: Map<object, object>): object {
  const copied = new SetConstructor<unknown>();
  mapSet(seen, set, copied);
  const next = setValues(set);
  for (let entry = next(); entry !== null; entry = next()) setAdd(copied, copy(entry[0], seen));
  return copied;
}

function copyRegExp(value: RegExp): object {
  return new RegExpConstructor(regExpSource(value), regExpFlags(value));
}

function copyTyped(value: object): object {
  const copied = callUnknown(typedArraySlice, value, []);
  return typeof copied === "object" && copied !== null ? copied : {};
}

function copyProperties(value: object, copied: object, seen: Map<object, object>): object {
  mapSet(seen, value, copied);
  const keys = reflectOwnKeys(value);
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i];
    if (typeof key !== "string" || reflectGetOwnPropertyDescriptor(value, key)?.enumerable !== true) continue;
    defineValue(copied, key, copy(reflectGet(value, key), seen));
  }
  return copied;
}

function refuse(found: string): Error {
  return new TypeErrorConstructor(`structuredClone cannot copy ${found}`);
}
