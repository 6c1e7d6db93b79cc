import type { ErrorData } from "@rlmflow/core";
import { type CodePlace, codeExcerpt } from "./code-excerpt.ts";
import { hintFor } from "./hints.ts";
import type { ParseFailure } from "./parse-script.ts";

/** Why a block does not run: the error as data, and what the model is shown of it. */
export interface SyntaxFailure {
  readonly error: ErrorData;
  readonly text: string;
}

const LINE_BREAK = /\r\n?|[\n\u2028\u2029]/g;

/** Words a failure for the model: where it is, its own line with a caret, and how to write it instead. */
export function describeFailure(code: string, failure: ParseFailure): SyntaxFailure {
  const place = placeOf(code, failure.at);
  const message = `${worded(code, failure)} (line ${place.line}, column ${place.column})`;
  const hint = hintFor({ code, line: place.text, column: place.column, message: failure.message });
  const text = [`SyntaxError: ${message}`, ...codeExcerpt(place), ...(hint === null ? [] : [hint])].join(
    "\n",
  );
  return { error: { name: "SyntaxError", message }, text };
}

/** Words a refusal that has no place in the text. */
export function describeRefusal(message: string): SyntaxFailure {
  return { error: { name: "SyntaxError", message }, text: `SyntaxError: ${message}` };
}

function worded(code: string, { message, at }: ParseFailure): string {
  const character = /^Unexpected character '(\P{ASCII}|\p{Cc})'/u.exec(message)?.[1];
  if (character !== undefined) return `Unexpected ${named(character)}`;
  if (message !== "Unexpected token") return message;
  if (at >= code.length) return "Unexpected end of the code: a bracket is not closed";
  const token = /^(?:[\p{ID_Continue}$]{1,40}|\S)/u.exec(code.slice(at, at + 40))?.[0];
  return token === undefined ? message : `Unexpected ${JSON.stringify(token)}`;
}

/** A character beyond ASCII with its number: many cannot be seen, or look like others. */
function named(character: string): string {
  const number = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  const isSeen = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character);
  return isSeen ? `character "${character}" (U+${number})` : `invisible character U+${number}`;
}

function placeOf(code: string, at: number): CodePlace {
  let line = 1;
  let start = 0;
  LINE_BREAK.lastIndex = 0;
  for (
    let found = LINE_BREAK.exec(code);
    found !== null && LINE_BREAK.lastIndex <= at;
    found = LINE_BREAK.exec(code)
  ) {
    line += 1;
    start = LINE_BREAK.lastIndex;
  }
  const end = code.slice(start).search(LINE_BREAK);
  return { line, column: at - start + 1, text: end < 0 ? code.slice(start) : code.slice(start, start + end) };
}
