import { defineValue, reflectOwnKeys, TypeErrorConstructor } from "./primordials.ts";

const TEXT = "text()";
const READ = "read(start, end)";
const LINES = "lines(start, end)";
const GREP = "grep(pattern, max)";

/** What a string or a list can do and CONTEXT cannot, and the method of CONTEXT that comes closest. */
const INSTEAD: Readonly<Record<string, string>> = {
  toString: TEXT,
  at: READ,
  charAt: READ,
  charCodeAt: READ,
  codePointAt: READ,
  normalize: TEXT,
  replace: TEXT,
  replaceAll: TEXT,
  substr: READ,
  substring: READ,
  toLowerCase: TEXT,
  toUpperCase: TEXT,
  trim: TEXT,
  split: LINES,
  every: LINES,
  filter: LINES,
  find: LINES,
  flatMap: LINES,
  forEach: LINES,
  join: LINES,
  map: LINES,
  reduce: LINES,
  some: LINES,
  endsWith: GREP,
  includes: GREP,
  indexOf: GREP,
  lastIndexOf: GREP,
  match: GREP,
  matchAll: GREP,
  search: GREP,
  startsWith: GREP,
};

const { iterator } = Symbol;

/**
 * Gives an object that stands for text the methods of strings and lists. Each throws what `explain` makes of the
 * method of CONTEXT that comes closest.
 */
export function installTextHints(target: object, explain: (instead: string) => string): void {
  const names = reflectOwnKeys(INSTEAD);
  const install = (key: PropertyKey, instead: string): void => {
    const refuse = (): never => {
      throw new TypeErrorConstructor(explain(instead));
    };
    defineValue(target, key, refuse, false);
  };
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i];
    if (typeof name === "string") install(name, INSTEAD[name] ?? READ);
  }
  install(iterator, LINES);
}
