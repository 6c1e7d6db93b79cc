import stringWidth from "string-width";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns that a plain line takes on a terminal. */
export function columns(line: string): number {
  return isAscii(line) ? line.length : stringWidth(line);
}

/** The line, cut with `…` when it takes more than `width` columns. */
export function clip(line: string, width: number, ellipsis: string = "…"): string {
  if (width <= 0) return "";
  if (line.length <= width && isAscii(line)) return line;
  if (columns(line.slice(0, 4 * width + 4)) <= width && line.length <= 4 * width + 4) return line;
  return `${firstColumns(line, width - columns(ellipsis))}${columns(ellipsis) <= width ? ellipsis : ""}`;
}

/** The line with spaces after it up to `width` columns. */
export function pad(line: string, width: number): string {
  return line + " ".repeat(Math.max(0, width - columns(line)));
}

function firstColumns(line: string, width: number): string {
  if (isAscii(line)) return line.slice(0, Math.max(0, width));
  let taken = 0;
  let end = 0;
  for (const { segment, index } of segmenter.segment(line)) {
    taken += stringWidth(segment);
    if (taken > width) break;
    end = index + segment.length;
  }
  return line.slice(0, end);
}

function isAscii(line: string): boolean {
  return /^[ -~]*$/.test(line);
}
