import type { JsonValue } from "@rlmflow/core";

/**
 * Pieces of code in one language, for the checks that every language must pass. Pieces are joined with
 * line breaks. What is said to be written is one line of output.
 */
export interface SampleCode {
  /** Sets a variable that lasts. */
  set(name: string, value: JsonValue): string;
  /** Writes the JSON text of a variable; throws when there is none. */
  show(name: string): string;
  /** Writes the text. */
  write(text: string): string;
  /** Calls a host function, waits for its answer and writes that as JSON text. */
  call(name: string, ...args: readonly JsonValue[]): string;
  /**
   * Calls a host function once for each argument, then waits for all. As an answer arrives, the argument and
   * the answer are written as a JSON list of two.
   */
  callAll(name: string, args: readonly JsonValue[]): string;
  /** Calls a host function and goes on without its answer, for good. */
  leave(name: string, ...args: readonly JsonValue[]): string;
  /** Writes a text of this many times `x`. */
  flood(characters: number): string;
  /** Throws an error with this message. */
  fail(message: string): string;
  /** Does not parse. */
  readonly malformed: string;
}

/** {@link SampleCode} in JavaScript. */
export const javascriptCode: SampleCode = {
  set: (name, value) => `var ${name} = ${JSON.stringify(value)};`,
  show: (name) => `print(JSON.stringify(${name}));`,
  write: (text) => `print(${JSON.stringify(text)});`,
  call: (name, ...args) => `print(JSON.stringify(await ${called(name, args)}));`,
  callAll: (name, args) =>
    `await Promise.all(${JSON.stringify(args)}.map(async (item) => print(JSON.stringify([item, await ${name}(item)]))));`,
  leave: (name, ...args) => `void ${called(name, args)};`,
  flood: (characters) => `print("x".repeat(${characters}));`,
  fail: (message) => `throw new Error(${JSON.stringify(message)});`,
  malformed: "const = 1;",
};

function called(name: string, args: readonly JsonValue[]): string {
  return `${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`;
}
