// What the realm offers to code, the same wherever it runs.
//
// Invariants: (1) the globals are those of the list, so that engines with more of them agree; (2) nothing
// measures time, tells when memory is freed, or takes memory that no limit counts.
import { type Clock, installClock } from "./clock.ts";
import { installFormatClock } from "./format-clock.ts";
import { installLocale } from "./locale.ts";
import { keepGlobalOpen } from "./open-global.ts";
import {
  bare,
  callUnknown,
  defineFixed,
  defineMethods,
  defineValue,
  hasOwnKey,
  ownValue,
  realmGlobal,
  reflectConstruct,
  reflectDefineProperty,
  reflectDeleteProperty,
  reflectGet,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  TypeErrorConstructor,
} from "./primordials.ts";
import { installStackFormat } from "./stack.ts";
import { installStandardFunctions } from "./standard-functions.ts";

/**
 * Left out on purpose: WebAssembly, SharedArrayBuffer and Atomics (memory that is not counted, clocks made
 * of threads), WeakRef and FinalizationRegistry (they show when memory is freed).
 */
const GLOBALS = (
  "globalThis undefined NaN Infinity Object Function Array Number Boolean String Symbol BigInt Promise Proxy " +
  "Reflect RegExp Date Math JSON Intl Temporal Map Set WeakMap WeakSet Iterator ArrayBuffer DataView Int8Array " +
  "Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array " +
  "Float16Array Float32Array Float64Array Error AggregateError EvalError RangeError ReferenceError SyntaxError " +
  "TypeError URIError SuppressedError DisposableStack AsyncDisposableStack eval parseInt parseFloat isFinite " +
  "isNaN encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape"
).split(" ");
const realmMath: object = Math;
const OriginalBuffer = ArrayBuffer;
const bufferSpecies = reflectGetOwnPropertyDescriptor(ArrayBuffer, Symbol.species);
const { species } = Symbol;

/** Takes from the realm what would make a run unrepeatable or unbounded. Call it once, before any guest code. */
export function fixRealm(clock: Clock, random: () => number): void {
  installStackFormat();
  installClock(clock);
  installLocale();
  installFormatClock(clock);
  defineMethods(realmMath, { random: () => random() });
  installFixedBuffers();
  keepListedGlobals();
  installStandardFunctions();
  keepGlobalOpen();
}

function keepListedGlobals(): void {
  const listed = bare<Record<string, true>>({});
  for (let i = 0; i < GLOBALS.length; i += 1) listed[GLOBALS[i] ?? ""] = true;
  const keys = reflectOwnKeys(realmGlobal);
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i];
    if (key === undefined || (typeof key === "string" && hasOwnKey(listed, key))) continue;
    reflectDeleteProperty(realmGlobal, key);
  }
}

/** Buffers of fixed length: those that can grow take memory that an isolate's limit does not count. */
function installFixedBuffers(): void {
  const Fixed = function (length?: number, options?: unknown): ArrayBuffer {
    if (
      typeof options === "object" &&
      options !== null &&
      reflectGet(options, "maxByteLength") !== undefined
    ) {
      throw new TypeErrorConstructor("An ArrayBuffer cannot change its length here: leave maxByteLength out");
    }
    if (new.target === undefined) return callUnknown(OriginalBuffer, undefined, [length]) as ArrayBuffer;
    return reflectConstruct(OriginalBuffer, [length], new.target);
  };
  const { prototype } = OriginalBuffer;
  defineFixed(Fixed, "prototype", prototype);
  defineValue(Fixed, "name", "ArrayBuffer", false);
  defineValue(Fixed, "length", 1, false);
  defineValue(Fixed, "isView", ownValue(OriginalBuffer, "isView"), false);
  if (bufferSpecies !== undefined) reflectDefineProperty(Fixed, species, bufferSpecies);
  defineValue(prototype, "constructor", Fixed, false);
  defineValue(realmGlobal, "ArrayBuffer", Fixed, false);
}
