import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withEarlierRows } from "./table.ts";

const README = join(import.meta.dirname, "..", "README.md");
const BEGIN = "<!-- Written by `pnpm bench -- --write`; do not edit below. -->";

/**
 * Puts the report behind the mark in README.md, where rows that it lacks keep their earlier lines. What stands before
 * the mark is written by hand.
 */
export async function writeReadme(report: string): Promise<void> {
  const text = await readFile(README, "utf8");
  const at = text.indexOf(BEGIN);
  if (at < 0) throw new TypeError(`${README} lacks the line ${BEGIN}`);
  await writeFile(
    README,
    `${text.slice(0, at + BEGIN.length)}\n\n${withEarlierRows(report, text.slice(at))}\n`,
  );
}
