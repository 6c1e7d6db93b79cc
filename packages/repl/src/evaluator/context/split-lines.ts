import { append, bareList, handOver, stringIndexOf, stringSlice } from "../realm/primordials.ts";
import { withoutReturn } from "./grep.ts";

/** The lines of a text without their line breaks; a final one starts no further line. */
export function splitLines(text: string): string[] {
  const lines = bareList<string>();
  let start = 0;
  while (start < text.length) {
    const found = stringIndexOf(text, "\n", start);
    const end = found === -1 ? text.length : found;
    append(lines, withoutReturn(stringSlice(text, start, end)));
    start = end + 1;
  }
  return handOver(lines);
}
