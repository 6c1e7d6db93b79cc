/** One fenced block of a document. */
export interface Fence {
  /** Path of the document, relative to the root of the repository. */
  readonly path: string;
  /** Line of the first line of its text, counted from 1. */
  readonly line: number;
  /** First word of the info string: the language. */
  readonly language: string;
  /** The rest of the info string. */
  readonly mark: string;
  readonly text: string;
}

const OPENING = /^ {0,3}(`{3,}|~{3,})\s*(\S*)\s*(.*?)\s*$/;

/** Every fenced block of a document in its order. A block that is never closed runs to the end. */
export function fencesOf(path: string, document: string): readonly Fence[] {
  const lines = document.split("\n");
  const fences: Fence[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, ticks, language = "", mark = ""] = OPENING.exec(lines[at] ?? "") ?? [];
    if (ticks === undefined) continue;
    const end = closingLine(lines, at + 1, ticks);
    fences.push({ path, line: at + 2, language, mark, text: lines.slice(at + 1, end).join("\n") });
    at = end;
  }
  return fences;
}

function closingLine(lines: readonly string[], from: number, ticks: string): number {
  for (let at = from; at < lines.length; at += 1) {
    const line = (lines[at] ?? "").trim();
    const isFence = line.length >= ticks.length && line === (ticks[0] ?? "").repeat(line.length);
    if (isFence) return at;
  }
  return lines.length;
}
