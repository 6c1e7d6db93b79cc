import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What is hidden: the one valid code, and where it stands. */
export interface Needle {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly code: string;
}

/** How much hay there is. */
export interface HaystackOptions {
  readonly files: number;
  readonly linesPerFile: number;
  /** Equal seeds give equal files. */
  readonly seed: number;
}

const SUBJECTS = [
  "The night watch",
  "The lift",
  "A visitor",
  "The archive",
  "Door 7",
  "The boiler",
  "The cat",
];
const EVENTS = ["was inspected", "made a noise", "asked for a key", "was late again", "is out of order"];

/** Writes log files `logs/0001.txt` … below `directory`, hides one needle in them and tells where. */
export async function generateFiles(directory: string, options: HaystackOptions): Promise<Needle> {
  const random = seededRandom(options.seed);
  const needle: Needle = {
    file: nameOf(below(random, options.files)),
    line: 1 + below(random, options.linesPerFile),
    code: codeFrom(random),
  };
  await mkdir(join(directory, "logs"), { recursive: true });
  for (let index = 0; index < options.files; index += 1) {
    const lines = Array.from({ length: options.linesPerFile }, () => hay(random));
    const file = nameOf(index);
    if (file === needle.file) lines[needle.line - 1] = `The vault code is ${needle.code}, valid from today.`;
    await writeFile(join(directory, file), `${lines.join("\n")}\n`);
  }
  return needle;
}

function nameOf(index: number): string {
  return `logs/${String(index + 1).padStart(4, "0")}.txt`;
}

/** A line of no use. One in twenty looks like the needle: looking for "vault code" alone finds hundreds. */
function hay(random: () => number): string {
  if (below(random, 20) === 0) return `The vault code is ${codeFrom(random)}, expired.`;
  return `${pick(random, SUBJECTS)} ${pick(random, EVENTS)} at ${below(random, 24)}:${10 + below(random, 50)}.`;
}

function codeFrom(random: () => number): string {
  return `${1000 + below(random, 9000)}-${1000 + below(random, 9000)}`;
}

function pick(random: () => number, list: readonly string[]): string {
  return list[below(random, list.length)] ?? "";
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

/** A linear congruential generator with the multiplier and increment of Numerical Recipes: numbers in [0, 1). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
