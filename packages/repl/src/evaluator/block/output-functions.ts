import {
  bare,
  defineMethods,
  defineValue,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  ownValue,
  reflectOwnKeys,
  smaller,
  stringIndexOf,
  stringOf,
  stringRepeat,
  stringSlice,
} from "../realm/primordials.ts";
import { formatLog } from "../values/format-log.ts";
import { formatValue, LONGEST_FLAT, PRINT_BOUNDS } from "../values/format-value.ts";

/** Writes one line of output. */
export type WriteLine = (line: string) => void;

const MOST_INDENT = 40;
const MOST_LABELS = 1_000;

/**
 * `print` and `console`: strings as they are, other values formatted, a space between arguments. The methods of
 * `console` never throw: what makes no sense here, such as measured time, is left out.
 */
export function outputFunctions(writeLine: WriteLine): {
  readonly print: unknown;
  readonly console: unknown;
} {
  const print = (...values: unknown[]): void => writeLine(lineOf(values));
  defineValue(print, "name", "print", false);
  return bare({ print, console: consoleOf(writeLine) });
}

function consoleOf(writeLine: WriteLine): object {
  let depth = 0;
  const write = (text: string): void => writeLine(depth === 0 ? text : indented(text, depth));
  const writeAll = (values: readonly unknown[]): void => write(formatLog(values, lineOf));
  const log = (...values: unknown[]): void => writeAll(values);
  const first = (value: unknown): void => write(lineOf([value]));
  const group = (...values: unknown[]): void => {
    if (values.length > 0) writeAll(values);
    depth += 1;
  };
  const nothing = (): void => {};
  const methods = bare({ ...countMethods(write), ...timeMethods(write) });
  const console = {};
  defineMethods(console, {
    ...{ log, info: log, warn: log, error: log, debug: log, dirxml: log, dir: first, table: first },
    ...{
      group,
      groupCollapsed: group,
      clear: nothing,
      timeStamp: nothing,
      profile: nothing,
      profileEnd: nothing,
    },
    trace: (...values: unknown[]): void =>
      write(values.length === 0 ? "Trace" : `Trace: ${formatLog(values, lineOf)}`),
    groupEnd: (): void => {
      if (depth > 0) depth -= 1;
    },
    assert: (holds: unknown, ...values: unknown[]): void => {
      if (!holds) write(`Assertion failed${values.length > 0 ? `: ${formatLog(values, lineOf)}` : ""}`);
    },
  });
  defineMethods(console, methods);
  nameMethods(console);
  return console;
}

function countMethods(write: WriteLine): object {
  const counts = new MapConstructor<string, number>();
  let labels = 0;
  return {
    count(label?: unknown): void {
      const name = labelOf(label);
      const before = mapGet(counts, name);
      if (before === undefined && labels < MOST_LABELS) labels += 1;
      else if (before === undefined) return;
      mapSet(counts, name, (before ?? 0) + 1);
      write(`${name}: ${(before ?? 0) + 1}`);
    },
    countReset(label?: unknown): void {
      const name = labelOf(label);
      if (mapGet(counts, name) === undefined) return;
      mapDelete(counts, name);
      labels -= 1;
    },
  };
}

/** The clock stands still while code runs, so there is no time to show. */
function timeMethods(write: WriteLine): object {
  return {
    time(): void {},
    timeEnd(): void {},
    timeLog(label?: unknown, ...values: unknown[]): void {
      if (values.length > 0) write(`${labelOf(label)}: ${lineOf(values)}`);
    },
  };
}

function nameMethods(console: object): void {
  const names = reflectOwnKeys(console);
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i];
    const method = name === undefined ? undefined : ownValue(console, name);
    if (typeof method === "function" && typeof name === "string") defineValue(method, "name", name, false);
  }
}

function labelOf(label: unknown): string {
  if (label === undefined) return "default";
  try {
    return stringSlice(typeof label === "string" ? label : stringOf(label), 0, 200);
  } catch {
    return "label";
  }
}

function indented(text: string, depth: number): string {
  const space = stringRepeat(" ", smaller(2 * depth, MOST_INDENT));
  let result = space;
  let from = 0;
  for (let at = stringIndexOf(text, "\n"); at !== -1; at = stringIndexOf(text, "\n", from)) {
    result += `${stringSlice(text, from, at)}\n${space}`;
    from = at + 1;
  }
  return result + stringSlice(text, from);
}

function lineOf(values: readonly unknown[]): string {
  let line = "";
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    const isText = typeof value === "string" && value.length <= LONGEST_FLAT;
    const text = isText ? value : formatValue(value, PRINT_BOUNDS);
    line += i === 0 ? text : ` ${text}`;
  }
  return line;
}
