import type { Clock } from "./clock.ts";
import {
  bare,
  callUnknown,
  defineMethods,
  ownValue,
  reflectDefineProperty,
  reflectGetOwnPropertyDescriptor,
} from "./primordials.ts";

const prototype: object = Intl.DateTimeFormat.prototype;

/** Makes a `DateTimeFormat` that is given no time format the clock's, where it would read the system's. */
export function installFormatClock(clock: Clock): void {
  const formatOf = reflectGetOwnPropertyDescriptor(prototype, "format")?.get;
  const formatToParts = ownValue(prototype, "formatToParts");
  const timeOf = (time: unknown): unknown => (time === undefined ? clock.now : time);
  const methods = {
    get format(): unknown {
      const format = callUnknown(formatOf, this, []);
      return (time?: unknown) => callUnknown(format, undefined, [timeOf(time)]);
    },
    formatToParts(this: unknown, time?: unknown): unknown {
      return callUnknown(formatToParts, this, [timeOf(time)]);
    },
  };
  const accessor = reflectGetOwnPropertyDescriptor(methods, "format");
  if (accessor) reflectDefineProperty(prototype, "format", bare({ ...accessor, enumerable: false }));
  defineMethods(prototype, { formatToParts: methods.formatToParts });
}
