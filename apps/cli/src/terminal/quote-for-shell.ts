import { oneLine } from "@rlmflow/render";

/** A path as a word that a shell takes as it is. */
export function quoteForShell(path: string): string {
  return /^[\w./@-]+$/.test(path) ? path : `'${oneLine(path).replaceAll("'", `'\\''`)}'`;
}
