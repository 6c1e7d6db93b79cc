// Locale and time zone: en-US and UTC wherever code names none.
import {
  callUnknown,
  defineFixed,
  defineMethods,
  defineValue,
  isArray,
  ownValue,
  reflectConstruct,
  reflectGet,
  reflectSetPrototypeOf,
} from "./primordials.ts";

const LOCALE = "en-US";
const ZONE = "UTC";

const CLASSES = [
  "Collator",
  "DateTimeFormat",
  "DisplayNames",
  "DurationFormat",
  "ListFormat",
  "NumberFormat",
  "PluralRules",
  "RelativeTimeFormat",
  "Segmenter",
];

/** A method that takes locales after `before` other arguments, and a time zone when `zoned`. */
interface LocaleMethod {
  readonly prototype: object;
  readonly name: string;
  readonly before: 0 | 1;
  readonly zoned: boolean;
}

const METHODS: readonly LocaleMethod[] = [
  { prototype: Number.prototype, name: "toLocaleString", before: 0, zoned: false },
  { prototype: BigInt.prototype, name: "toLocaleString", before: 0, zoned: false },
  { prototype: String.prototype, name: "localeCompare", before: 1, zoned: false },
  { prototype: String.prototype, name: "toLocaleUpperCase", before: 0, zoned: false },
  { prototype: String.prototype, name: "toLocaleLowerCase", before: 0, zoned: false },
  { prototype: Date.prototype, name: "toLocaleString", before: 0, zoned: true },
  { prototype: Date.prototype, name: "toLocaleDateString", before: 0, zoned: true },
  { prototype: Date.prototype, name: "toLocaleTimeString", before: 0, zoned: true },
];
const intl: object = Intl;

/** Fixes the defaults of `Intl` and of every method that depends on a locale. Call it once. */
export function installLocale(): void {
  for (let i = 0; i < CLASSES.length; i += 1) {
    const name = CLASSES[i] ?? "";
    const original = ownValue(intl, name);
    if (typeof original === "function") defineValue(intl, name, fixedClass(name, original), false);
  }
  for (let i = 0; i < METHODS.length; i += 1) {
    const method = METHODS[i];
    if (method !== undefined) fixMethod(method);
  }
}

/** A class of Intl whose defaults do not depend on where it runs. */
function fixedClass(name: string, original: object): object {
  const zoned = name === "DateTimeFormat";
  const Fixed = function (locales?: unknown, options?: unknown): unknown {
    const args = [fixedLocales(locales), zoned ? fixedZone(options) : options];
    if (new.target === undefined) return callUnknown(original, undefined, args);
    return reflectConstruct(asConstructor(original), args, new.target);
  };
  const prototype = ownValue(original, "prototype");
  defineFixed(Fixed, "prototype", prototype);
  defineValue(Fixed, "name", name, false);
  defineValue(Fixed, "supportedLocalesOf", ownValue(original, "supportedLocalesOf"), false);
  if (typeof prototype === "object" && prototype !== null) {
    defineValue(prototype, "constructor", Fixed, false);
  }
  return Fixed;
}

/** Passes fixed locales to a method. */
function fixMethod({ prototype, name, before, zoned }: LocaleMethod): void {
  const original = ownValue(prototype, name);
  const method =
    before === 0
      ? {
          [name](this: unknown, locales?: unknown, options?: unknown): unknown {
            const args = [fixedLocales(locales), zoned ? fixedZone(options) : options];
            return callUnknown(original, this, args);
          },
        }
      : {
          [name](this: unknown, other: unknown, locales?: unknown, options?: unknown): unknown {
            return callUnknown(original, this, [other, fixedLocales(locales), options]);
          },
        };
  defineMethods(prototype, method);
}

const supportedLocalesOf: unknown = ownValue(Intl.NumberFormat, "supportedLocalesOf");

/** What was asked for when the engine knows it; an unknown locale would fall back to the host's. */
function fixedLocales(locales: unknown): unknown {
  if (locales === undefined) return LOCALE;
  const supported = callUnknown(supportedLocalesOf, undefined, [locales]);
  return isArray(supported) && supported.length === 0 ? LOCALE : locales;
}

function fixedZone(options: unknown): unknown {
  if (options === undefined) return zoneOver(null);
  if (typeof options !== "object" || options === null) return options;
  return reflectGet(options, "timeZone") === undefined ? zoneOver(options) : options;
}

function zoneOver(options: object | null): object {
  const zoned = { timeZone: ZONE };
  reflectSetPrototypeOf(zoned, options);
  return zoned;
}

function asConstructor(value: object): new (...args: unknown[]) => object {
  return value as new (
    ...args: unknown[]
  ) => object;
}
