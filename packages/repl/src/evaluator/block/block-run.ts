import type { EvaluatorLimits } from "../../wire/evaluator-spec.ts";
import { Calls } from "../calls/calls.ts";
import { nativeOf } from "../realm/native-values.ts";
import {
  defineValue,
  evaluateGlobally,
  isArray,
  ownValue,
  quote,
  react,
  reflectApply,
  stringIndexOf,
  TypeErrorConstructor,
} from "../realm/primordials.ts";
import { sourceName } from "../realm/stack.ts";
import { formatValue, LONGEST_FLAT, PRINT_BOUNDS } from "../values/format-value.ts";
import { DroppedPromises } from "./dropped-promises.ts";
import { type ErrorReport, reportError } from "./error-report.ts";
import type { BlockSource, Sources } from "./sources.ts";

type Progress =
  | { readonly kind: "running" }
  /** The main code has ended with a promise, which is awaited as long as calls are out. */
  | { readonly kind: "settling"; readonly value: unknown }
  | { readonly kind: "ended"; readonly value: unknown }
  | { readonly kind: "threw"; readonly reason: unknown; readonly syntax: boolean };

/** What a block that has ended leaves behind. */
export interface LeftBehind {
  /** A sentence about names that got no value. Call it once. */
  readonly unset: () => string;
  /** Variables and reads, as fields of JSON. */
  readonly json: () => string;
}

/** One run of a block: its calls, and how far its main code has come. */
export class BlockRun {
  readonly calls: Calls;
  readonly dropped: DroppedPromises = new DroppedPromises();
  readonly #source: BlockSource;
  readonly #limits: EvaluatorLimits;
  #progress: Progress = { kind: "running" };
  #echo: string | null = null;
  #report: ErrorReport | null = null;
  #reported = false;
  #unset: string | null = null;

  constructor(source: BlockSource, limits: EvaluatorLimits) {
    this.#source = source;
    this.#limits = limits;
    this.calls = new Calls(limits);
  }

  /** Id of the block's action. */
  get id(): string {
    return this.#source.id;
  }

  /** Runs the main code up to its first wait. Never throws. */
  run(binding: object): void {
    const main = this.#compile();
    if (main === null) return;
    try {
      const promise = reflectApply(main, undefined, [binding]);
      if (typeof promise !== "object" || promise === null) throw new TypeErrorConstructor("not a block");
      defineValue(promise, "constructor", undefined, false);
      const onEnd = (box: unknown): void => this.#end(box);
      react(promise, onEnd, (reason) => this.#throw(reason));
    } catch (error) {
      this.#throw(error);
    }
  }

  /** True when the main code has ended, and with it, as long as calls are out, its last promise. */
  get ended(): boolean {
    const { kind } = this.#progress;
    return kind !== "running" && (kind !== "settling" || this.calls.unanswered === 0);
  }

  /** True when the block has a last value to show, or an error. */
  get hasEcho(): boolean {
    const progress = this.#progress;
    return progress.kind === "threw" || (progress.kind === "ended" && progress.value !== undefined);
  }

  /** How the block stands, as the JSON text of an ActivationState. Never throws. */
  stateJson(sources: Sources, left: LeftBehind): string {
    if (!this.ended) return '{"kind":"idle"}';
    const progress = this.#progress;
    this.#reportOnce(sources);
    this.#unset ??= left.unset();
    const rest = `${left.json()},"unawaited":${this.calls.unawaited()}`;
    if (progress.kind !== "threw") {
      return `{"kind":"ended","echo":${this.#echo === null ? "null" : quote(this.#echo)},${rest}}`;
    }
    const report = this.#report ?? UNREPORTABLE;
    const error = `"error":${report.json},"text":${quote(report.text + this.#unset)},"syntax":${progress.syntax}`;
    return `{"kind":"threw",${error},${rest}}`;
  }

  #compile(): ((binding: object) => unknown) | null {
    try {
      const { source, number, lineOffset } = this.#source;
      const main = evaluateGlobally(`${source}
//# sourceURL=${sourceName(number, lineOffset)}`);
      if (typeof main !== "function") throw new TypeErrorConstructor("not a block");
      return (binding) => reflectApply(main, undefined, [binding]);
    } catch (reason) {
      this.#progress = { kind: "threw", reason, syntax: true };
      return null;
    }
  }

  /** The main code has ended; its last value lies in a box, if there is one. */
  #end(box: unknown): void {
    const value = isArray(box) ? ownValue(box, 0) : undefined;
    this.#progress = { kind: "ended", value };
    if (typeof value !== "object" || value === null || nativeOf(value) !== undefined) return;
    try {
      const onValue = (result: unknown): void => this.#settle({ kind: "ended", value: result });
      const onError = (reason: unknown): void => this.#settle({ kind: "threw", reason, syntax: false });
      react(value, onValue, onError);
      this.#progress = { kind: "settling", value };
    } catch {
      // Not a promise: it is the value.
    }
  }

  #settle(progress: Progress): void {
    if (this.#progress.kind === "settling" && !this.#reported) this.#progress = progress;
  }

  #throw(reason: unknown): void {
    this.#progress = { kind: "threw", reason, syntax: false };
  }

  #reportOnce(sources: Sources): void {
    if (this.#reported) return;
    this.#reported = true;
    const progress = this.#progress;
    try {
      if (progress.kind === "threw") {
        this.#report = reportError(progress.reason, sources, this.#limits.errorText);
      } else if (progress.kind !== "running" && progress.value !== undefined) {
        this.#echo = echoOf(progress.value);
      }
    } catch {
      this.#echo = null;
    }
  }
}

const UNREPORTABLE: ErrorReport = {
  json: '{"name":"Error","message":"the block threw something that cannot be shown"}',
  text: "Error: the block threw something that cannot be shown",
};

/** A text of several lines as it is, anything else as code would write it. */
function echoOf(value: unknown): string {
  const isFlat = typeof value === "string" && value.length <= LONGEST_FLAT;
  if (isFlat && stringIndexOf(value, "\n") !== -1) return value;
  return formatValue(value, PRINT_BOUNDS);
}
