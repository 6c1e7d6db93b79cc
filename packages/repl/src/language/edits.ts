/**
 * A change to a text. At one place, closing texts come first (inner ones before outer ones, which were added
 * before them), then what must run on entry, then openings and replacements as they were added.
 */
export interface Edit {
  readonly start: number;
  /** Equal to `start` for an insertion. */
  readonly end: number;
  readonly text: string;
  readonly rank: "close" | "entry" | "open";
}

const RANKS = { close: 0, entry: 1, open: 2 };

/** The text with all edits made. Those of an outer construct must be given before those of what is inside. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ordered = edits
    .map((edit, given) => ({ edit, given }))
    .sort(
      (one, two) =>
        one.edit.start - two.edit.start ||
        RANKS[one.edit.rank] - RANKS[two.edit.rank] ||
        (one.edit.rank === "close" ? two.given - one.given : one.given - two.given),
    );
  const pieces: string[] = [];
  let copied = 0;
  for (const { edit } of ordered) {
    pieces.push(text.slice(copied, edit.start), edit.text);
    copied = edit.end;
  }
  pieces.push(text.slice(copied));
  return pieces.join("");
}
