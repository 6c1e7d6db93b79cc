import type { RunNode } from "@rlmflow/core";

/** The signs that the terminal views are drawn with. */
export interface Glyphs {
  readonly node: Readonly<Record<RunNode["type"], string>>;
  readonly done: string;
  readonly failed: string;
  readonly running: string;
  readonly waiting: string;
  readonly sum: string;
  readonly times: string;
  readonly arrow: string;
  readonly slowest: string;
  readonly ellipsis: string;
  readonly branch: string;
  readonly lastBranch: string;
  readonly pass: string;
  readonly space: string;
  readonly full: string;
  readonly empty: string;
}

/** One letter for each type of node, the same in every view. */
export const NODE_LETTERS: Readonly<Record<RunNode["type"], string>> = {
  query: "Q",
  action: "A",
  call: "C",
  observation: "O",
  supervising: "S",
  resume: "R",
  error: "E",
  result: "F",
};

/** Signs for terminals that show UTF-8. */
export const UNICODE_GLYPHS: Glyphs = {
  node: {
    query: "▶",
    action: "◆",
    call: "○",
    observation: "■",
    supervising: "◷",
    resume: "↩",
    error: "✗",
    result: "✔",
  },
  done: "✔",
  failed: "✗",
  running: "●",
  waiting: "◷",
  sum: "Σ ",
  times: "×",
  arrow: "→",
  slowest: "◀",
  ellipsis: "…",
  branch: "├─ ",
  lastBranch: "└─ ",
  pass: "│  ",
  space: "   ",
  full: "▓",
  empty: "░",
};

/** Signs for everything else. */
export const ASCII_GLYPHS: Glyphs = {
  node: NODE_LETTERS,
  done: "ok",
  failed: "x",
  running: "*",
  waiting: "~",
  sum: "sum ",
  times: "x",
  arrow: "->",
  slowest: "<",
  ellipsis: "...",
  branch: "|- ",
  lastBranch: "`- ",
  pass: "|  ",
  space: "   ",
  full: "#",
  empty: ".",
};

/** Whether the environment says that the terminal shows UTF-8. */
export function showsUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || "";
  return /utf-?8/i.test(locale) || (locale === "" && environment.TERM !== "linux");
}
