// The built-ins of the realm as they were before any guest code ran.
//
// Owns: every function of the language library that the evaluator uses on values a guest can reach.
// Does not own: policy. Invariants: (1) this module is evaluated before the first block; (2) no file of
// the evaluator calls a method by looking it up on a value, iterates with `for…of`, spreads, or writes
// an index of a list that has a prototype; (3) option bags have a null prototype.

const { apply } = Reflect;

/** Turns a method into a function that takes `this` first and looks nothing up when called. */
export function uncurry<T, A extends readonly unknown[], R>(
  method: (this: T, ...args: A) => R,
): (self: T, ...args: A) => R {
  return (self, ...args) => apply(method, self, args);
}

export const {
  apply: reflectApply,
  construct: reflectConstruct,
  defineProperty: reflectDefineProperty,
  deleteProperty: reflectDeleteProperty,
  get: reflectGet,
  getOwnPropertyDescriptor: reflectGetOwnPropertyDescriptor,
  getPrototypeOf: reflectGetPrototypeOf,
  has: reflectHas,
  ownKeys: reflectOwnKeys,
  setPrototypeOf: reflectSetPrototypeOf,
} = Reflect;
export const { freeze: objectFreeze, isExtensible } = Object;
export const { isArray } = Array;
export const { parse: jsonParse } = JSON;
export const { imul, max: larger, min: smaller, trunc } = Math;
export const { isFinite: isFiniteNumber, isInteger } = Number;
export const { fromCharCode } = String;
const readWhole = parseInt;
/** `parseInt(text, 10)` and `parseFloat(text)`. */
export const parseWhole = (text: string): number => readWhole(text, 10);
export const parseDecimal: (text: string) => number = parseFloat;
export const OriginalDate = Date;
export const { now: systemNow, parse: dateParse, UTC: dateUTC } = Date;
export const realmGlobal = globalThis;
export const PromiseConstructor = Promise;
export const ErrorConstructor = Error;
export const TypeErrorConstructor = TypeError;
export const RangeErrorConstructor = RangeError;
export const ReferenceErrorConstructor = ReferenceError;
export const ProxyConstructor = Proxy;
export const RegExpConstructor = RegExp;
export const MapConstructor = Map;
export const SetConstructor = Set;
export const WeakMapConstructor = WeakMap;
export const WeakSetConstructor = WeakSet;
export const WeakRefConstructor = WeakRef;
export const Uint32ArrayConstructor = Uint32Array;
export const arrayPrototype: object = Array.prototype;
export const objectPrototype: object = Object.prototype;
export const errorPrototype: object = Error.prototype;
export const promisePrototype: object = Promise.prototype;
export const typedArrayPrototype: object | null = reflectGetPrototypeOf(Uint8Array.prototype);

export const stringSlice: (self: string, start: number, end?: number) => string = uncurry(
  String.prototype.slice,
);
export const stringIndexOf: (self: string, search: string, from?: number) => number = uncurry(
  String.prototype.indexOf,
);
export const stringLastIndexOf: (self: string, search: string, from?: number) => number = uncurry(
  String.prototype.lastIndexOf,
);
export const charCodeAt: (self: string, index: number) => number = uncurry(String.prototype.charCodeAt);
export const stringRepeat: (self: string, count: number) => string = uncurry(String.prototype.repeat);
export const lowerCase: (self: string) => string = uncurry(String.prototype.toLowerCase);
export const upperCase: (self: string) => string = uncurry(String.prototype.toUpperCase);
export const numberToString: (self: number, radix?: number) => string = uncurry(Number.prototype.toString);
export const bigIntToString: (self: bigint) => string = uncurry(BigInt.prototype.toString);
export const symbolToString: (self: symbol) => string = uncurry(Symbol.prototype.toString);
export const regExpExec: (self: RegExp, text: string) => RegExpExecArray | null = uncurry(
  RegExp.prototype.exec,
);
export const regExpToString: (self: unknown) => string = uncurry(RegExp.prototype.toString);
const regExpPrototype: object = RegExp.prototype;
const flagGetter = (flag: string): ((self: RegExp) => boolean) => {
  const get = reflectGetOwnPropertyDescriptor(regExpPrototype, flag)?.get;
  return (self) => get !== undefined && reflectApply(get, self, []) === true;
};
const sourceGetter = reflectGetOwnPropertyDescriptor(RegExp.prototype, "source")?.get;
const flagsGetter = reflectGetOwnPropertyDescriptor(RegExp.prototype, "flags")?.get;
/** Flags of a regular expression, read from its inner slots. */
export const regExpFlag: Readonly<
  Record<"ignoreCase" | "unicode" | "unicodeSets", (self: RegExp) => boolean>
> = {
  ignoreCase: flagGetter("ignoreCase"),
  unicode: flagGetter("unicode"),
  unicodeSets: flagGetter("unicodeSets"),
};
export const dateToISOString: (self: Date) => string = uncurry(Date.prototype.toISOString);
export const dateGetTime: (self: Date) => number = uncurry(Date.prototype.getTime);
export const functionToString: (self: unknown) => string = uncurry(Function.prototype.toString);
export const hasOwnKey: (self: object, key: PropertyKey) => boolean = uncurry(
  Object.prototype.hasOwnProperty,
);
const realmEval: unknown = Reflect.get(globalThis, "eval");
const realmString = String;
const jsonStringify = JSON.stringify;
export const typedArraySlice: unknown =
  typedArrayPrototype === null ? undefined : Reflect.get(typedArrayPrototype, "slice");
const promiseThen: unknown = Promise.prototype.then;
export const { finally: promiseFinally } = Promise.prototype;

const mapPrototype: Map<unknown, unknown> = Map.prototype;
const { get: mapGetMethod, set: mapSetMethod, delete: mapDeleteMethod, clear: mapClearMethod } = mapPrototype;
const { add: setAddMethod, has: setHasMethod }: Set<unknown> = Set.prototype;
const { get: weakGetMethod, set: weakSetMethod } = WeakMap.prototype;

/** `map.get(key)`. */
export function mapGet<K, V>(map: Map<K, V>, key: K): V | undefined {
  return reflectApply(mapGetMethod as Map<K, V>["get"], map, [key]);
}

/** `map.set(key, value)`. */
export function mapSet<K, V>(map: Map<K, V>, key: K, value: V): void {
  reflectApply(mapSetMethod, map, [key, value]);
}

/** `map.delete(key)`. */
export function mapDelete<K, V>(map: Map<K, V>, key: K): void {
  reflectApply(mapDeleteMethod, map, [key]);
}

/** `map.clear()`. */
export function mapClear<K, V>(map: Map<K, V>): void {
  reflectApply(mapClearMethod, map, []);
}

/** The source of a regular expression; throws for anything else. */
export function regExpSource(self: RegExp): string {
  const source: unknown = sourceGetter === undefined ? "" : reflectApply(sourceGetter, self, []);
  return typeof source === "string" ? source : "";
}

/** The flags of a regular expression as text. */
export function regExpFlags(self: RegExp): string {
  return stringOf(callUnknown(flagsGetter, self, []));
}

/** True for a real regular expression. */
export function isRegExp(value: unknown): value is RegExp {
  if (typeof value !== "object" || value === null || sourceGetter === undefined) return false;
  try {
    reflectApply(sourceGetter, value, []);
    return value !== regExpPrototype;
  } catch {
    return false;
  }
}

/** `set.add(value)`. */
export function setAdd<T>(set: Set<T>, value: T): void {
  reflectApply(setAddMethod, set, [value]);
}

/** `set.has(value)`. */
export function setHas<T>(set: Set<T>, value: T): boolean {
  return reflectApply(setHasMethod, set, [value]);
}

/** `map.get(key)` of a weak map. */
export function weakMapGet<K extends object, V>(map: WeakMap<K, V>, key: K): V | undefined {
  return reflectApply(weakGetMethod as WeakMap<K, V>["get"], map, [key]);
}

/** `map.set(key, value)` of a weak map. */
export function weakMapSet<K extends object, V>(map: WeakMap<K, V>, key: K, value: V): void {
  reflectApply(weakSetMethod, map, [key, value]);
}

const { add: weakAddMethod, has: weakHasMethod } = WeakSet.prototype;

/** `set.add(value)` of a weak set. */
export function weakSetAdd(set: WeakSet<object>, value: object): void {
  reflectApply(weakAddMethod, set, [value]);
}

/** `set.has(value)` of a weak set. */
export function weakSetHas(set: WeakSet<object>, value: object): boolean {
  return reflectApply(weakHasMethod, set, [value]);
}

const { deref } = WeakRef.prototype;

/** `reference.deref()`. */
export function weakDeref(reference: WeakRef<object>): object | undefined {
  return reflectApply(deref, reference, []);
}

/** Calls a function of unknown type. */
export function callUnknown(callee: unknown, self: unknown, args: readonly unknown[]): unknown {
  return typeof callee === "function" ? reflectApply(callee, self, args) : undefined;
}

/** Runs source in the realm's global scope: indirect eval. */
export function evaluateGlobally(source: string): unknown {
  return callUnknown(realmEval, undefined, [source]);
}

/** A string as JSON text. Nothing is looked up: only objects and bigints have a `toJSON`. */
export function quote(text: string): string {
  return jsonStringify(text);
}

/** The value of an own property that holds one; never runs a getter. */
export function ownValue(target: object, key: PropertyKey): unknown {
  const descriptor = reflectGetOwnPropertyDescriptor(target, key);
  return descriptor !== undefined && hasOwnKey(descriptor, "value") ? descriptor.value : undefined;
}

/** Defines an ordinary data property, whatever setters stand on prototypes. False when the target refuses. */
export function defineValue(target: object, key: PropertyKey, value: unknown, enumerable = true): boolean {
  return reflectDefineProperty(target, key, bare({ value, enumerable, writable: true, configurable: true }));
}

/** Defines a property that nobody can change. */
export function defineFixed(target: object, key: PropertyKey, value: unknown): void {
  reflectDefineProperty(
    target,
    key,
    bare({ value, enumerable: false, writable: false, configurable: false }),
  );
}

/** The object without its prototype, so that a missing property is missing whatever guests did. */
export function bare<T extends object>(object: T): T {
  reflectSetPrototypeOf(object, null);
  return object;
}

/** Defines methods as a class does: not enumerable, open to change. */
export function defineMethods(target: object, methods: object): void {
  const names = reflectOwnKeys(methods);
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i];
    if (name !== undefined) defineValue(target, name, ownValue(methods, name), false);
  }
}

/** A method as the prototype of an object has it. */
export function methodOf(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null) return undefined;
  const prototype = reflectGetPrototypeOf(object);
  return prototype === null ? undefined : ownValue(prototype, name);
}

/** `String(value)`. */
export function stringOf(value: unknown): string {
  return realmString(value);
}

/** An empty list without a prototype: writing an index cannot meet a setter. Not for guests. */
export function bareList<T>(): T[] {
  const list: T[] = [];
  reflectSetPrototypeOf(list, null);
  return list;
}

/** Appends to a {@link bareList}. */
export function append<T>(list: T[], item: T): void {
  list[list.length] = item;
}

/** Gives a {@link bareList} the prototype of a list, so that a guest can have it. */
export function handOver<T>(list: T[]): T[] {
  reflectSetPrototypeOf(list, arrayPrototype);
  return list;
}

/** The items of a {@link bareList} with a separator between them. */
export function joinList(list: readonly string[], separator: string): string {
  let text = "";
  for (let i = 0; i < list.length; i += 1) text += i === 0 ? `${list[i]}` : `${separator}${list[i]}`;
  return text;
}

/**
 * Attaches reactions to a real promise; throws a TypeError for anything else. They must not throw. The
 * promise should have an own `constructor`, or else the language looks for a species where guests meddle.
 */
export function react(
  promise: unknown,
  onValue: ((value: never) => unknown) | undefined,
  onError: ((reason: unknown) => unknown) | undefined,
): Promise<unknown> {
  return callUnknown(promiseThen, promise, [onValue, onError]) as Promise<unknown>;
}

/** Does nothing: a handler for rejections that are reported elsewhere. */
export function ignore(): void {}
