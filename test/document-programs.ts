import { type Fence, fencesOf } from "./markdown-fences.ts";
import type { SourceFile } from "./source-files.ts";

/** A piece of code of a document, as a module that can be checked and, when it is marked so, run. */
export interface DocumentProgram {
  /** Where it stands, for messages: `docs/limits.md:12`. */
  readonly place: string;
  /** Name of the file it is written to. */
  readonly file: string;
  /** The code on the lines that it has in the document. */
  readonly code: string;
  readonly runs: boolean;
  /** What the document shows as its output, or `null` when it shows none. */
  readonly output: string | null;
}

interface Draft {
  readonly first: Fence;
  readonly pieces: Fence[];
  readonly outputs: string[];
}

const CODE: readonly string[] = ["ts", "js"];

/**
 * The code of a document. The info string of a fence says what is done with it:
 *
 * - `ts` or `js`: it is type-checked as a module of its own.
 * - `ts run`: it is run too. A `text output` fence after it is what it prints.
 * - `ts more`: it goes on where the last `run` or `more` above it ended, in one module.
 * - `ts file examples/…`: it is that file, and part of no program here; see `shownFilesOf`.
 */
export function programsOf(document: SourceFile): readonly DocumentProgram[] {
  const drafts: Draft[] = [];
  let open: Draft | null = null;
  for (const fence of fencesOf(document.path, document.text)) {
    if (fence.language === "text" && fence.mark === "output") {
      if (open === null) throw new SyntaxError(`${placeOf(fence)}: this output follows no program`);
      open.outputs.push(fence.text);
    } else if (CODE.includes(fence.language) && !fence.mark.startsWith("file ")) {
      if (fence.mark === "more") {
        if (open === null) throw new SyntaxError(`${placeOf(fence)}: there is no program to go on with`);
        open.pieces.push(fence);
        continue;
      }
      const draft: Draft = { first: fence, pieces: [fence], outputs: [] };
      drafts.push(draft);
      if (fence.mark === "run") open = draft;
      else if (fence.mark !== "") throw new SyntaxError(`${placeOf(fence)}: unknown mark "${fence.mark}"`);
    }
  }
  return drafts.map(finished);
}

function finished({ first, pieces, outputs }: Draft): DocumentProgram {
  const name = first.path.replaceAll(/[/.]/g, "-").toLowerCase();
  return {
    place: placeOf(first),
    file: `${name}-${first.line}.${first.language === "ts" ? "ts" : "mjs"}`,
    code: pieces.reduce(
      (code, { line, text }) => code.padEnd(code.length + gap(code, line), "\n") + text,
      "",
    ),
    runs: first.mark === "run",
    output: outputs.length === 0 ? null : outputs.join("\n"),
  };
}

/** Empty lines that put the next piece on its own line of the document. */
function gap(code: string, line: number): number {
  return line - code.split("\n").length;
}

function placeOf({ path, line }: Fence): string {
  return `${path}:${line}`;
}

/** What is shown and what was printed, made comparable: durations and numbers of tokens are all alike. */
function comparable(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .trimEnd()
        .replaceAll(/\b\d+(\.\d+)? ?m?s\b/g, "0.0s")
        .replaceAll(/\b\d+ tokens\b/g, "0 tokens"),
    );
}

/** True when the output is as shown; a line `…` that is shown stands for any number of lines. */
export function printsAsShown(shown: string, printed: string): boolean {
  const lines = comparable(printed);
  const wanted = comparable(shown);
  const matches = (at: number, from: number): boolean => {
    const line = wanted[at];
    if (line === undefined) return from === lines.length;
    if (line !== "…") return lines[from] === line && matches(at + 1, from + 1);
    for (let next = from; next <= lines.length; next += 1) if (matches(at + 1, next)) return true;
    return false;
  };
  return matches(0, 0);
}
