/** A text as it may be shown, and how much of it that is. */
export interface CutText {
  readonly text: string;
  /** Characters of the original that `text` holds. */
  readonly shown: number;
  /** Characters of the original. */
  readonly total: number;
}

/**
 * Shortens a text to at most `max` UTF-16 units by leaving out its middle, with a line that says how much is
 * left out. Never splits a surrogate pair. Where not even that line fits, the beginning alone is kept.
 */
export function cutMiddle(text: string, max: number): CutText {
  const total = text.length;
  if (total <= max) return { text, shown: total, total };
  const room = max - note(total, total).length;
  if (room < 2) {
    const start = text.slice(0, headEnd(text, Math.max(0, max)));
    return { text: start, shown: start.length, total };
  }
  const head = text.slice(0, headEnd(text, Math.ceil(room / 2)));
  const tail = text.slice(tailStart(text, total - Math.floor(room / 2)));
  const shown = head.length + tail.length;
  return { text: head + note(total - shown, total) + tail, shown, total };
}

function note(left: number, total: number): string {
  return `\n… ${left} of ${total} characters left out here …\n`;
}

/** The end nearest to `end`, not after it, that leaves no half of a pair behind. */
function headEnd(text: string, end: number): number {
  return end > 0 && splitsPair(text, end) ? end - 1 : end;
}

function tailStart(text: string, start: number): number {
  return splitsPair(text, start) ? start + 1 : start;
}

function splitsPair(text: string, at: number): boolean {
  return /[\uD800-\uDBFF]/.test(text.charAt(at - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(at));
}
