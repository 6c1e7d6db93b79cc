import type { Edit } from "./edits.ts";
import type { HiddenNames } from "./hidden-names.ts";
import type { Scope } from "./scope.ts";

/** What is known of a block while it is rewritten. */
export interface Draft {
  readonly code: string;
  readonly hidden: HiddenNames;
  readonly top: Scope;
  /** The block opens with `"use strict"`. */
  readonly strict: boolean;
  readonly edits: Edit[];
  /** Names that become globals. */
  readonly names: Set<string>;
  /** Of these, what `let`, `const` and `class` declare: they have no value before that. */
  readonly lexical: Set<string>;
  /** Of these, the block's constants. */
  readonly constants: Set<string>;
  /** Where the statement begins that gives the block its value. */
  readonly lastStart: number;
  /** Statements that run before the block's own. */
  readonly setup: string[];
}

/** Something that is put before and behind a piece of the text. */
export interface Wrapping {
  readonly start: number;
  readonly end: number;
  readonly open: string;
  readonly close: string;
}

/** Puts text around a piece of the code. */
export function wrap(draft: Draft, { start, end, open, close }: Wrapping): void {
  draft.edits.push({ start, end: start, text: open, rank: "open" });
  draft.edits.push({ start: end, end, text: close, rank: "close" });
}

/** Puts text in the place of a piece of the code, which must not hold a line break. */
export function replace(draft: Draft, { start, end }: { start: number; end: number }, text: string): void {
  draft.edits.push({ start, end, text, rank: "open" });
}

/** Puts a statement where it runs before anything else. */
export function enterWith(draft: Draft, at: number, text: string): void {
  draft.edits.push({ start: at, end: at, text, rank: "entry" });
}

/** Where the text of a statement ends that may or may not have a semicolon of its own. */
export function endOfStatement(draft: Draft, { end }: { end: number }): { at: number; semicolon: string } {
  return draft.code[end - 1] === ";" ? { at: end - 1, semicolon: "" } : { at: end, semicolon: ";" };
}
