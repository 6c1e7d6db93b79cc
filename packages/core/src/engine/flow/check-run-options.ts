import { Graph } from "../../data/graph/graph.ts";
import { RLMError } from "../../errors.ts";
import type { ResumeOptions, RunOptions, StartOptions, StepOptions } from "./run-options.ts";

const START: readonly (keyof StartOptions)[] = ["context", "output", "metadata", "runId"];
const RUN: readonly (keyof RunOptions)[] = [...START, "signal"];
const RESUME: readonly (keyof ResumeOptions)[] = ["output", "signal", "config"];
const CONTINUE: readonly (keyof RunOptions)[] = ["output", "signal", "metadata"];
const STEP: readonly (keyof StepOptions)[] = ["agents", "until"];

/** The options that each method of a flow takes. */
const OPTIONS = { start: START, run: RUN, resume: RESUME, continue: CONTINUE, step: STEP } as const;

/** A method of a flow that takes options. */
export type FlowMethod = keyof typeof OPTIONS;

/** Throws `invalid_options` for options that the method has not, and for values that their types do not let through. */
export function checkOptions(method: FlowMethod, options: unknown): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalid(`The options of flow.${method} must be an object, not ${kindOf(options)}.`);
  const known: readonly string[] = OPTIONS[method];
  const problems = Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => `${unknownOption(name, known)}; the options are ${known.join(", ")}`);
  const given: Readonly<Record<string, unknown>> = { ...options };
  const wrong = (name: string, wanted: string) =>
    problems.push(`${name} must be ${wanted}, not ${kindOf(given[name])}`);
  if (!isAbsentOr(given.signal, isSignal)) wrong("signal", "an AbortSignal");
  if (!isAbsentOr(given.runId, (value) => typeof value === "string")) wrong("runId", "text");
  for (const name of ["config", "metadata"]) if (!isAbsentOr(given[name], isObject)) wrong(name, "an object");
  if (!isAbsentOr(given.agents, isTextList)) wrong("agents", "a list of ids of agents");
  if (!isAbsentOr(given.until, (value) => value === "transition" || value === "turn"))
    problems.push('until must be "transition" or "turn"');
  if (problems.length > 0) throw invalid(`flow.${method} can't use its options: ${problems.join("; ")}.`);
}

/** Throws `invalid_options` for what is no graph. */
export function checkGraph(method: FlowMethod, graph: unknown): void {
  if (!(graph instanceof Graph))
    throw invalid(`flow.${method} takes the graph of a run, such as run.graph, not ${kindOf(graph)}.`);
}

/** Throws `invalid_options` for a query that is no text. */
export function checkQuery(method: FlowMethod, query: unknown): void {
  if (typeof query !== "string")
    throw invalid(`The query of flow.${method} must be text, not ${kindOf(query)}.`);
}

/** The signal of options that have not been checked yet; `undefined` where there is none. */
export function signalOf(options: { readonly signal?: AbortSignal } | null): AbortSignal | undefined {
  const signal = options?.signal;
  return isSignal(signal) ? signal : undefined;
}

/** That there is no such option, and which one may be meant. */
export function unknownOption(name: string, known: readonly string[]): string {
  const meant = known.find((one) => isNear(name.toLowerCase(), one.toLowerCase()));
  return `${name} is not an option${meant === undefined ? "" : ` (did you mean ${meant}?)`}`;
}

/** True where one letter is missing, added, mistaken or swapped with the next, or one name begins with the other. */
function isNear(one: string, other: string): boolean {
  if (one === other) return true;
  let start = 0;
  while (start < Math.min(one.length, other.length) && one[start] === other[start]) start += 1;
  const a = one.slice(start);
  const b = other.slice(start);
  if (start >= 3 && (a === "" || b === "")) return true;
  const isSwapped = a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return isSwapped || a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1);
}

function isAbsentOr(value: unknown, fits: (value: unknown) => boolean): boolean {
  return value === undefined || fits(value);
}

function isSignal(value: unknown): value is AbortSignal {
  return isObject(value) && "aborted" in value && "addEventListener" in value;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every((one) => typeof one === "string"));
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function invalid(message: string): RLMError {
  return new RLMError("invalid_options", message);
}
