import type { Runtime } from "@rlmflow/core";
import type { Activation, Block, Language, ReplSpec } from "@rlmflow/core/driver";
import type { EvaluatorLimits } from "./wire/evaluator-spec.ts";

/**
 * A language of REPLs: the engine's side of its texts on the wire, and the program that serves it inside a
 * sandbox. Languages and transports know nothing of each other.
 */
export interface ReplLanguage {
  readonly language: Language;
  /** What a rebuilt REPL can promise when code reaches nothing but its own REPL. */
  readonly replay: Runtime["replay"];
  /** Text of an `open` frame. Limits that are left out have the program's defaults. */
  specText(spec: ReplSpec, limits?: Partial<EvaluatorLimits>): string;
  /** Text of a `start` frame, or the activation of a block that is refused before anything of it runs. */
  blockText(block: Block): BlockText;
  readonly server: ServerProgram;
}

/** A block on its way into a sandbox. */
export type BlockText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly activation: Activation };

/**
 * The program that serves one REPL: it says `hello`, then takes frames, one a line, until `dispose` or the end
 * of its input. It keeps its input and output to itself: what code prints goes to descriptor 2. Flags:
 * `--time-ms N`, milliseconds of one entry; `--fd N`, a socket for the frames instead of descriptors 0 and 1,
 * where the program supports it.
 */
export interface ServerProgram {
  /**
   * Absolute path of the one file on this machine. It needs nothing but its interpreter. Looked up when it is
   * read: throws `missing_dependency` where it is not there, as in a bundle without its packages.
   */
  readonly file: string;
  /** What runs it: an argv without the file, for example `["node"]`. */
  readonly command: readonly string[];
  /** Whether it knows `--fd`. */
  readonly takesDescriptor: boolean;
}
