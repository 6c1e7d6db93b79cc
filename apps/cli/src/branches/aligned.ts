import { columns, pad } from "../terminal/text-width.ts";

/** Rows of cells as lines, every column as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [place, cell] of row.entries()) widths[place] = Math.max(widths[place] ?? 0, columns(cell));
  return rows.map((row) =>
    row
      .map((cell, place) => pad(cell, widths[place] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
