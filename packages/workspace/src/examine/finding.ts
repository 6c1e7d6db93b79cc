/** Something that was found: a `problem` keeps the branch from being used, a `note` does not. */
export interface Finding {
  readonly severity: "problem" | "note";
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number;
  /** What is so, and what to do. */
  readonly message: string;
}
