import { defineValue, quote, TypeErrorConstructor } from "../realm/primordials.ts";

/** What a string can do and CONTEXT cannot. */
const OF_STRINGS = [
  ...[
    "at",
    "charAt",
    "charCodeAt",
    "codePointAt",
    "normalize",
    "replace",
    "replaceAll",
    "substr",
    "substring",
  ],
  ...["toLowerCase", "toUpperCase", "trim", "split", "endsWith", "includes", "indexOf", "lastIndexOf"],
  ...["match", "matchAll", "search", "startsWith"],
];
/** What a list can do and CONTEXT cannot. */
const OF_LISTS = ["every", "filter", "find", "flatMap", "forEach", "join", "map", "reduce", "some"];
const LONGEST_ARGUMENT = 80;
const TEXT = "text()";

const { iterator } = Symbol;

/** How an object that stands for text is written, and the calls that give its lines. */
export interface TextHints {
  /** The error's message, from code behind the object that may be written instead. */
  readonly explain: (self: unknown, kind: "string" | "list", instead: string) => string;
  readonly lines: string;
}

/**
 * Gives an object that stands for text the methods of strings and lists. Each throws what `explain` makes of the call
 * that does what was meant, with the arguments that were given where they can be written out.
 */
export function installTextHints(target: object, { explain, lines }: TextHints): void {
  const install = (
    key: PropertyKey,
    kind: "string" | "list",
    insteadOf: (given: readonly unknown[]) => string,
  ) => {
    const refuse = function (this: unknown, ...given: readonly unknown[]): never {
      throw new TypeErrorConstructor(explain(this, kind, insteadOf(given)));
    };
    defineValue(target, key, refuse, false);
  };
  for (let i = 0; i < OF_STRINGS.length; i += 1) {
    const name = OF_STRINGS[i];
    if (name !== undefined) install(name, "string", (given) => callOf(name, given));
  }
  for (let i = 0; i < OF_LISTS.length; i += 1) {
    const name = OF_LISTS[i];
    if (name !== undefined) install(name, "list", () => lines);
  }
  install("toString", "string", () => TEXT);
  install(iterator, "list", () => lines);
}

/** The call of a string's method on the text; the text alone where an argument can't be written out. */
function callOf(name: string, given: readonly unknown[]): string {
  let written = "";
  for (let i = 0; i < given.length; i += 1) {
    const value = given[i];
    const isText = typeof value === "string" && value.length <= LONGEST_ARGUMENT;
    if (!isText && typeof value !== "number") return TEXT;
    written += `${i === 0 ? "" : ", "}${isText ? quote(value) : value}`;
  }
  return `${TEXT}.${name}(${written})`;
}
