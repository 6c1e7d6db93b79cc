import { type JsonValue, parseJson } from "../data/json.ts";
import type { Language } from "../protocols/language.ts";
import { type Fence, splitLines } from "./fences.ts";

/** An answer that a reply gives without a block of code. */
export type OfferedAnswer =
  /** A call that ends the reply, as the code that it stands for. */
  | { readonly kind: "call"; readonly code: string }
  /** JSON: the only block, the whole reply or its end. */
  | { readonly kind: "value"; readonly value: JsonValue }
  | { readonly kind: "text"; readonly text: string };

/** Names under which models give answers; the REPL knows `done` alone. */
const NAMES = "done|FINAL|FINAL_VAR|FINAL_ANSWER|final_answer|answer|submit|finish";
const OPENING = new RegExp(`^[ \\t]*(?:await[ \\t]+)?(?:${NAMES})\\(`);
const CALL = new RegExp(`^(?:await[ \\t]+)?(${NAMES})\\(([\\s\\S]*)\\)[ \\t]*;?$`);
const RETURNED = new RegExp(`^return[ \\t]+(?=(?:await[ \\t]+)?(?:${NAMES})\\()`);
const QUOTED_NAME = /^(["'])([A-Za-z_]\w*)\1$/;
/** Nobody writes a deeper answer, and it would be too deep for the function that turns it into code. */
const MAX_DEPTH = 100;
const JSON_TAGS = ["json", ""];

/** The answer that a reply without code offers, or `null`. Linear in the reply. */
export function offeredAnswer(
  text: string,
  fences: readonly Fence[],
  language: Pick<Language, "parses">,
): OfferedAnswer | null {
  const [fence, ...others] = fences;
  if (fence !== undefined) {
    const value = others.length === 0 && JSON_TAGS.includes(fence.tag) ? parsed(fence.code) : undefined;
    return value === undefined ? null : { kind: "value", value };
  }
  const lines = splitLines(text.trim());
  const code = callAtEnd(lines, OPENING, language);
  if (code !== null) return { kind: "call", code };
  const value = parsed(text) ?? valueAtEnd(lines);
  if (value !== undefined) return { kind: "value", value };
  const said = text.trim();
  return said === "" ? null : { kind: "text", text: CALL.exec(said)?.[2] ?? said };
}

/**
 * Code that does not parse because its last statement returns an answer from the top level, with that statement as
 * the call it stands for; `null` for any other code.
 */
export function withoutReturn(
  code: string,
  language: Pick<Language, "parses">,
): { readonly code: string; readonly call: string } | null {
  const lines = splitLines(code.trimEnd());
  const start = lines.findLastIndex((line) => RETURNED.test(line));
  if (start === -1) return null;
  const statement = lines.slice(start).join("\n").replace(RETURNED, "");
  const call = asDone(statement, language);
  if (call === null) return null;
  const repaired = [...lines.slice(0, start), call].join("\n");
  return language.parses(repaired) === null ? { code: repaired, call } : null;
}

/**
 * Code whose last statement gives the answer, under whatever name, with that statement as `await done(…)`; `null` for any
 * other code. `isAlone`: there is nothing in front of it.
 */
export function withAnswer(
  lines: readonly string[],
  language: Pick<Language, "parses">,
): { readonly code: string; readonly isAlone: boolean } | null {
  const start = lines.findLastIndex((line) => OPENING.test(line));
  const call = callAtEnd(lines, OPENING, language);
  return call === null ? null : { code: [...lines.slice(0, start), call].join("\n"), isAlone: start === 0 };
}

const SHOWN = /^(?:(?:print|console\.log)\(([A-Za-z_$][\w$.]*)\)|([A-Za-z_$][\w$.]*))[ \t]*;?$/;
const GIVES_ANSWER = new RegExp(`(?<![\\w.$])(?:${NAMES})\\(`);

/**
 * Code that ends by showing the value of a variable and gives no answer anywhere, with the call that gives this value as
 * the answer behind it; `null` for any other code.
 */
export function withShownAnswer(
  code: string,
  language: Pick<Language, "parses">,
): { readonly code: string; readonly call: string } | null {
  const last = splitLines(code.trimEnd()).at(-1) ?? "";
  const found = SHOWN.exec(last);
  const name = found?.[1] ?? found?.[2];
  if (name === undefined || GIVES_ANSWER.test(code)) return null;
  const call = `await done(${name})`;
  const answered = `${code.trimEnd()}\n${call}`;
  return language.parses(answered) === null ? { code: answered, call } : null;
}

/** The call that begins with the last line that opens one, if it runs to the end. */
function callAtEnd(
  lines: readonly string[],
  opening: RegExp,
  language: Pick<Language, "parses">,
): string | null {
  const start = lines.findLastIndex((line) => opening.test(line));
  return start === -1 ? null : asDone(lines.slice(start).join("\n").trim(), language);
}

function asDone(statement: string, language: Pick<Language, "parses">): string | null {
  const [, name, argument = ""] = CALL.exec(statement.trim()) ?? [];
  if (name === undefined || argument.trim() === "") return null;
  // FINAL_VAR names a variable, which models write with and without quotes.
  const variable = name === "FINAL_VAR" ? QUOTED_NAME.exec(argument.trim())?.[2] : undefined;
  const code = `await done(${variable ?? argument})`;
  return language.parses(code) === null ? code : null;
}

/** JSON that begins a line and runs to the end. */
function valueAtEnd(lines: readonly string[]): JsonValue | undefined {
  const start = lines.findIndex((line) => /^[[{]/.test(line));
  return start === -1 ? undefined : parsed(lines.slice(start).join("\n"));
}

function parsed(text: string): JsonValue | undefined {
  const value = parseJson(text);
  return value !== undefined && isShallow(value) ? value : undefined;
}

function isShallow(value: JsonValue): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1)
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  return level.length === 0;
}
