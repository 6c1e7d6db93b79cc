/** What must become of a case, beyond what must become of all: nothing of the host found, the host well. */
export type AttackExpectation =
  /** Nothing more: it may end, throw, or lose its sandbox. */
  | "contained"
  /** The last block ends, as a value or an error; the sandbox is not lost. */
  | "ends"
  /** The block is lost, and blamed for it. */
  | "lost"
  /** It ends, and the same blocks in another REPL give the same activations. */
  | "same";

/** Hostile or merely unlucky code, and where the idea comes from. */
export interface AttackCase {
  /** Unique in the corpus. */
  readonly name: string;
  /** The system whose history it is taken from, or `measured` when it was found by trying. */
  readonly source: string;
  readonly expect: AttackExpectation;
  /** Blocks of code, run one after another in one REPL after {@link PRELUDE}. */
  readonly blocks: readonly string[];
}
