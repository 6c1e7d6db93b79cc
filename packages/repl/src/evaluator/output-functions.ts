import { formatValue, PRINT_BOUNDS } from "./format-value.ts";
import { bare, defineValue } from "./primordials.ts";

/** Writes one line of output. */
export type WriteLine = (line: string) => void;

/** `print` and `console`: strings as they are, other values formatted, a space between arguments. */
export function outputFunctions(writeLine: WriteLine): {
  readonly print: unknown;
  readonly console: unknown;
} {
  const writer =
    () =>
    (...values: unknown[]): void =>
      writeLine(lineOf(values));
  const names = ["log", "info", "warn", "error", "debug", "trace", "dir", "table"];
  const console = {};
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i];
    if (name !== undefined) defineValue(console, name, named(name, writer()));
  }
  defineValue(console, "assert", (holds: unknown, ...values: unknown[]): void => {
    if (!holds) writeLine(`Assertion failed${values.length > 0 ? `: ${lineOf(values)}` : ""}`);
  });
  return bare({ print: named("print", writer()), console });
}

function named(name: string, method: object): object {
  defineValue(method, "name", name, false);
  return method;
}

function lineOf(values: readonly unknown[]): string {
  let line = "";
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    const text = typeof value === "string" ? value : formatValue(value, PRINT_BOUNDS);
    line += i === 0 ? text : ` ${text}`;
  }
  return line;
}
