import { scanFences, splitLines } from "./fences.ts";

/** A reply without the sections in which the model thinks aloud. */
export interface WithoutReasoning {
  readonly text: string;
  /** True when the reply begins with a section that never ends, so that all of it is reasoning. */
  readonly endsInside: boolean;
}

/** Sections looked for in one reply, so that the time stays linear in it; further tags are plain text. */
const MAX_SECTIONS = 16;

const OPENING = /^[ \t]*<(think|thinking|reasoning)(?:[ \t][^>]*)?>/i;
/** Not directly after a backtick: then somebody writes about the tag. */
const CLOSING = /(?<!`)<\/(think|thinking|reasoning)[ \t]*>/i;

interface Tag {
  /** Name of the section that begins here, or `null` when one ends whose beginning is not in the reply. */
  readonly opens: string | null;
  readonly line: number;
  /** Index of the character after the tag. */
  readonly end: number;
}

/**
 * Takes out `<think>`, `<thinking>` and `<reasoning>` sections. An opening tag counts at the start of a line
 * outside fences. A closing tag without an opening one ends a section that began with the reply. An opening tag
 * that is never closed is plain text, unless the reply begins with it.
 */
export function withoutReasoning(reply: string): WithoutReasoning {
  let lines: readonly string[] = splitLines(reply);
  let kept: string[] = [];
  for (let section = 0; section < MAX_SECTIONS; section += 1) {
    const tag = nextTag(lines);
    if (tag === null) break;
    kept = tag.opens === null ? [] : [...kept, ...lines.slice(0, tag.line), ""];
    const after = [(lines[tag.line] ?? "").slice(tag.end), ...lines.slice(tag.line + 1)];
    lines = tag.opens === null ? after : afterSection(after, tag.opens);
  }
  if (isOpen(kept, lines)) return { text: "", endsInside: true };
  return { text: [...kept, ...lines].join("\n"), endsInside: false };
}

/** The first tag that begins a section which also ends, or that ends one which began with the reply. */
function nextTag(lines: readonly string[]): Tag | null {
  const outside = linesOutsideFences(lines);
  const closings = closingNames(lines);
  for (const line of outside) {
    const text = lines[line] ?? "";
    const opening = OPENING.exec(text);
    const name = opening?.[1]?.toLowerCase();
    if (opening !== null && name !== undefined && (closings.get(name) ?? -1) >= line) {
      return { opens: name, line, end: opening[0].length };
    }
    const closing = CLOSING.exec(text);
    if (closing !== null) return { opens: null, line, end: closing.index + closing[0].length };
  }
  return null;
}

/** For each tag name the last line that holds its closing tag. */
function closingNames(lines: readonly string[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const [line, text] of lines.entries()) {
    const name = CLOSING.exec(text)?.[1]?.toLowerCase();
    if (name !== undefined) last.set(name, line);
  }
  return last;
}

/** What follows the section's closing tag: the first outside fences, else the first of all. */
function afterSection(lines: readonly string[], name: string): readonly string[] {
  const closing = new RegExp(`</${name}[ \\t]*>`, "i");
  const holds = (line: number) => closing.test(lines[line] ?? "");
  const line = linesOutsideFences(lines).find(holds) ?? lines.findIndex((_, index) => holds(index));
  const text = lines[line] ?? "";
  const found = closing.exec(text);
  return [text.slice((found?.index ?? 0) + (found?.[0].length ?? 0)), ...lines.slice(line + 1)];
}

/** Lines that are not the content of a closed fence. What an unclosed fence holds may be the rest of a thought. */
function linesOutsideFences(lines: readonly string[]): readonly number[] {
  const inside = new Set<number>();
  for (const fence of scanFences(lines.join("\n"))) {
    if (!fence.closed) continue;
    for (let line = fence.line; line < fence.endLine; line += 1) inside.add(line);
  }
  return lines
    .keys()
    .filter((line) => !inside.has(line))
    .toArray();
}

function isOpen(kept: readonly string[], lines: readonly string[]): boolean {
  const isBlank = (line: string) => line.trim() === "";
  const first = lines.find((line) => !isBlank(line));
  return kept.every(isBlank) && first !== undefined && OPENING.test(first);
}
