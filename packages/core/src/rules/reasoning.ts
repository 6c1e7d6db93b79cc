import { scanFences, splitLines } from "./fences.ts";
import { withoutForeignReasoning } from "./foreign-reasoning.ts";

/** A reply without the sections in which the model thinks aloud. */
export interface WithoutReasoning {
  /** Its lines end in `\n`, whatever those of the reply end in. */
  readonly text: string;
  /** True when the reply begins with a section that never ends, so that all of it is reasoning. */
  readonly endsInside: boolean;
}

/** Sections looked for in one reply, so that the time stays linear in it; further tags are plain text. */
const MAX_SECTIONS = 16;

const NAME = "think|thinking|thoughts?|reasoning|seed:think|antml:thinking";
const OPENING = new RegExp(`^[ \\t]*<(${NAME})(?:[ \\t][^>]*)?>`, "i");
/** Not directly after a backtick: such a tag is only mentioned. */
const CLOSING = new RegExp(`(?<!\`)</(${NAME})[ \\t]*>`, "i");
const EITHER = new RegExp(`</?(?:${NAME})(?:[ \\t][^>\\n]{0,200})?>`, "gi");

/** Most replies have no tag at all and need no search. */
const ANY_TAG = /<\/?[a-z]/i;

/** A fence right before a closing tag ends all the same, though Markdown would have it go on. */
const GLUED = new RegExp(`^([ \\t]*(?:\`{3,}|~{3,}))([ \\t]*</(?:${NAME})[ \\t]*>.*)$`, "i");

interface Line {
  readonly text: string;
  /** True for what stands on the reply's line of the one before: a closing tag behind a fence. */
  readonly glued: boolean;
}

interface Tag {
  /** Name of the section that begins here, or `null` when one ends whose beginning is not in the reply. */
  readonly opens: string | null;
  readonly line: number;
  /** Index of the character after the tag. */
  readonly end: number;
}

/**
 * Takes out `<think>`, `<thinking>`, `<thought>` and `<reasoning>` sections, and the other forms in which models mark
 * their reasoning. An opening tag counts at the start of a line outside fences. A closing tag without an opening one ends a section that began with the reply. An opening tag
 * that is never closed is plain text, unless the reply begins with it.
 */
export function withoutReasoning(reply: string): WithoutReasoning {
  const tagged = withoutForeignReasoning(reply);
  if (tagged === null) return { text: "", endsInside: true };
  if (!ANY_TAG.test(tagged)) return { text: splitLines(tagged).join("\n"), endsInside: false };
  let lines: readonly Line[] = splitLines(tagged).flatMap(unglue);
  let kept: Line[] = [];
  for (let section = 0; section < MAX_SECTIONS; section += 1) {
    const tag = nextTag(lines.map(({ text }) => text));
    if (tag === null) break;
    kept = tag.opens === null ? [] : [...kept, ...lines.slice(0, tag.line), line("")];
    const after = [line((lines[tag.line]?.text ?? "").slice(tag.end)), ...lines.slice(tag.line + 1)];
    lines = tag.opens === null ? after : afterSection(after, tag.opens);
  }
  if (isOpen(kept, lines)) return { text: "", endsInside: true };
  return { text: joined([...kept, ...lines]), endsInside: false };
}

/**
 * The answer in a reply, for code that asked a question: the text without reasoning, also without a section after the
 * answer that is never closed. Empty when all of the reply is reasoning.
 */
export function answerIn(reply: string): string {
  const { text } = withoutReasoning(reply);
  const lines = text.split("\n");
  const opened = linesOutsideFences(lines).find((line) => OPENING.test(lines[line] ?? ""));
  if (opened === undefined) return text === splitLines(reply).join("\n") ? reply : text.trim();
  return lines.slice(0, opened).join("\n").trim();
}

/** The reply with the tags of its reasoning sections replaced by line breaks, so that code in them is found. */
export function untagged(reply: string): string {
  return reply.replace(EITHER, "\n");
}

function unglue(text: string): readonly Line[] {
  const [, fence, tag] = GLUED.exec(text) ?? [];
  return fence === undefined || tag === undefined ? [line(text)] : [line(fence), { text: tag, glued: true }];
}

function line(text: string): Line {
  return { text, glued: false };
}

function joined(lines: readonly Line[]): string {
  return lines.map(({ text, glued }, index) => (index === 0 || glued ? text : `\n${text}`)).join("");
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
function afterSection(lines: readonly Line[], name: string): readonly Line[] {
  const closing = new RegExp(`</${name}[ \\t]*>`, "i");
  const texts = lines.map(({ text }) => text);
  const holds = (at: number) => closing.test(texts[at] ?? "");
  const at = linesOutsideFences(texts).find(holds) ?? texts.findIndex((_, index) => holds(index));
  const text = texts[at] ?? "";
  const found = closing.exec(text);
  return [line(text.slice((found?.index ?? 0) + (found?.[0].length ?? 0))), ...lines.slice(at + 1)];
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

function isOpen(kept: readonly Line[], lines: readonly Line[]): boolean {
  const isBlank = ({ text }: Line) => text.trim() === "";
  const first = lines.find((one) => !isBlank(one));
  return kept.every(isBlank) && first !== undefined && OPENING.test(first.text);
}
