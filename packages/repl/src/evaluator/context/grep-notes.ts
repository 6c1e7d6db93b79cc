// Notes for the model about the searches of a block.
//
// Invariants: (1) bounded, however many searches a block makes; (2) an ordinary search costs nothing.
import {
  append,
  bareList,
  isRegExp,
  quote,
  regExpExec,
  regExpToString,
  stringSlice,
  WeakSetConstructor,
  weakSetAdd,
  weakSetHas,
} from "../realm/primordials.ts";

/** What suggests that a text was meant as a regular expression. */
const EXPRESSION = /\\[a-zA-Z.*+?()[\]{}|^$]|\.[*+]|[^\s|]\|[^\s|]|\[[^\]]+\]|^\^|\$$|\([^)]*\|[^)]*\)/;
const SHOWN = 100;
const MOST_NOTES = 5;

/** A search as it was asked for. */
interface Search {
  readonly pattern: unknown;
  readonly max: number;
  readonly isCut: boolean;
  readonly hits: readonly object[];
}

const empty = new WeakSetConstructor<object>();

/** True for the list of a search that found nothing. */
export function isEmptyResult(value: object): boolean {
  return weakSetHas(empty, value);
}

/** The notes on the searches of one block. */
export class GrepNotes {
  #notes: string[] = bareList();
  #left = 0;
  /** The first search that found nothing, and how many did. */
  #nothing = "";
  #misses = 0;

  /** A new block begins. */
  clear(): void {
    this.#notes = bareList();
    this.#left = 0;
    this.#nothing = "";
    this.#misses = 0;
  }

  /** Takes note of a search. */
  add({ pattern, max, isCut, hits }: Search): void {
    if (isCut) {
      this.#note(
        `grep(${shown(pattern)}) stopped after ${max} hits, there are more: give a larger max (1000 at most) or a narrower pattern`,
      );
    }
    if (hits.length > 0) return;
    weakSetAdd(empty, hits);
    if (this.#misses === 0) this.#nothing = shown(pattern);
    this.#misses += 1;
    if (typeof pattern === "string" && regExpExec(EXPRESSION, stringSlice(pattern, 0, SHOWN)) !== null) {
      this.#note(
        `grep looked for the text ${shown(pattern)} as it stands and found nothing: for an expression give /…/ without quotes`,
      );
    }
  }

  /** Hands out the notes, once. `isSilent` says that the block has shown nothing at all. */
  take(isSilent: boolean): readonly string[] {
    const notes = this.#notes;
    if (this.#left > 0)
      append(notes, `${this.#left} more searches were cut or looked for a text as it stands`);
    if (isSilent && this.#misses > 0) {
      const others = this.#misses > 1 ? `, nor did ${this.#misses - 1} more searches` : "";
      append(notes, `grep(${this.#nothing}) found nothing: 0 hits${others}`);
    }
    this.clear();
    return notes;
  }

  #note(text: string): void {
    for (let i = 0; i < this.#notes.length; i += 1) if (this.#notes[i] === text) return;
    if (this.#notes.length < MOST_NOTES) append(this.#notes, text);
    else this.#left += 1;
  }
}

function shown(pattern: unknown): string {
  const text = isRegExp(pattern)
    ? regExpToString(pattern)
    : typeof pattern === "string"
      ? quote(pattern)
      : "…";
  return text.length > SHOWN ? `${stringSlice(text, 0, SHOWN)}…` : text;
}
