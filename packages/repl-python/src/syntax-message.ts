import { type CodePlace, codeExcerpt } from "@rlmflow/repl/driver";
import { furtherSigns, hintFor } from "./hints.ts";

/** Why code is not Python, for the model: where it is, its own line with a caret, and how to write it instead. */
export function syntaxMessage(code: string, at: number): string {
  const place = placeOf(code, at);
  const words = `SyntaxError: invalid syntax (line ${place.line}, column ${place.column})`;
  const hint = syntaxHint(code, at);
  const excerpt = place.text.trim() === "" ? [] : codeExcerpt(place);
  return [words, ...excerpt, ...(hint === null ? [] : [hint])].join("\n");
}

/** The hint alone, for an error that Python itself words; `null` where there is nothing to say. */
export function syntaxHint(code: string, at: number): string | null {
  const place = placeOf(code, at);
  const hint = hintFor(place.text);
  return hint === null ? null : hint + furtherSigns(code, place.text, hint);
}

function placeOf(code: string, at: number): CodePlace {
  const before = code.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  const end = code.indexOf("\n", at);
  const text = code.slice(start, end === -1 ? code.length : end).replace(/\r$/, "");
  return { line: before.split("\n").length, column: at - start + 1, text };
}
