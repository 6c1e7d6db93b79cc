/**
 * Caps that the evaluator holds. Code that got at the evaluator gets past them; so the host holds `callsPerBlock` and
 * `outstandingCalls` too, and twice `outputKept` and `errorText`. Counts are of UTF-16 units unless the name says
 * otherwise.
 */
export interface EvaluatorLimits {
  /** Output kept per block. */
  readonly outputKept: number;
  /** JSON text of one argument. */
  readonly argumentSize: number;
  /** JSON text of the calls that one activation hands to the host; further ones queue inside. */
  readonly activationSize: number;
  /** Values in the arguments of one call. */
  readonly argumentNodes: number;
  readonly argumentDepth: number;
  /** Calls the host works on at a time, waits apart; further ones queue inside. */
  readonly outstandingCalls: number;
  readonly callsPerBlock: number;
  readonly errorText: number;
  /** Rows of the variable summary. */
  readonly variables: number;
}

/** A payload as the evaluator knows it: the text is read in ranges. */
export interface PayloadSpec {
  readonly key: string;
  readonly characters: number;
  readonly metadata?: unknown;
}

/** What a REPL is made of, as it crosses into the sandbox. */
export interface EvaluatorSpec {
  readonly agentId: string;
  readonly depth: number;
  readonly maxDepth: number;
  readonly seed: string;
  readonly contexts: readonly PayloadSpec[];
  readonly globals: Readonly<Record<string, unknown>>;
  readonly functions: readonly string[];
  readonly limits: EvaluatorLimits;
}

/** What holds for a host that names none. */
export const DEFAULT_LIMITS: EvaluatorLimits = Object.freeze({
  outputKept: 1_000_000,
  argumentSize: 8_388_608,
  activationSize: 33_554_432,
  argumentNodes: 200_000,
  argumentDepth: 200,
  outstandingCalls: 256,
  callsPerBlock: 10_000,
  errorText: 10_000,
  variables: 64,
});

/** UTF-16 units of the longest range that is read at once; the engine refuses longer ones. */
export const PIECE = 65_536;

/** Gives the text of a range that lies within one aligned piece. */
export type ReadContext = (key: string, start: number, end: number) => string;

/** Is given everything that a block writes, when it writes it: what the host still has when the REPL is lost. */
export type MirrorOutput = (text: string) => void;
