// The functions through which code calls the host.
//
// Invariants: (1) when a call cannot be made, its promise rejects, as that of a failed call would, so one bad call
// among many does not lose the others; (2) options that do not exist throw at once, because every call of the code
// would make the same mistake.

import type { EvaluatorLimits } from "../../wire/evaluator-spec.ts";
import type { Slices } from "../context/slice.ts";
import { brandOf } from "../realm/brands.ts";
import {
  append,
  bareList,
  defineValue,
  handOver,
  isArray,
  ownValue,
  quote,
  RangeErrorConstructor,
  reflectApply,
  regExpExec,
  stringSlice,
  TypeErrorConstructor,
} from "../realm/primordials.ts";
import { currentFrames } from "../realm/stack.ts";
import { encodeJson } from "../values/encode-json.ts";
import { callPromise } from "./call-promise.ts";
import type { HostOutcome, NewCall } from "./calls.ts";
import { encodeDelegateOptions } from "./delegate-arguments.ts";
import type { Child, Handles } from "./handle.ts";
import { DELEGATE_OPTIONS, type NamedOption, namedOptions, QUERY_OPTIONS } from "./option-names.ts";
import { outcomeError } from "./outcome-error.ts";

/** What the functions need of the REPL. */
export interface CallHost {
  readonly issue: (call: NewCall) => number;
  /** Throws when the block can make no further call; asking first saves the work of preparing one. */
  readonly ensureRoom: () => void;
  /** The promise of a call that was not made. */
  readonly refuse: (reason: unknown) => Promise<never>;
  readonly handles: Handles;
  readonly slices: Slices;
  readonly limits: EvaluatorLimits;
}

/** A host function of the spec: its arguments as JSON, its answer as a promise. */
export function toolFunction(name: string, host: CallHost): object {
  return asking(name, host, (...args: unknown[]): Promise<unknown> => {
    let count = args.length;
    while (count > 0 && args[count - 1] === undefined) count -= 1;
    const texts = bareList<string>();
    for (let i = 0; i < count; i += 1) {
      append(texts, encodeJson(args[i], `argument ${i + 1} of ${name}`, host.limits));
    }
    return call(host, name, texts);
  });
}

/** `llmQuery(prompt, options)`. */
export function queryFunction(host: CallHost): object {
  const ask = asking(
    "llmQuery",
    host,
    (prompt: unknown, options: readonly NamedOption[]): Promise<unknown> => {
      const last = queryOptions(options, host);
      return call(host, "llmQuery", queryArguments(prompt, last, host));
    },
  );
  // `prompts.map(llmQuery)` passes an index and the list behind the prompt.
  return named(
    "llmQuery",
    (prompt?: unknown, options?: unknown, list?: unknown): Promise<unknown> =>
      ask(prompt, namedOptions(isArray(list) ? undefined : options, QUERY_OPTIONS)),
  );
}

/** `llmQueryBatched(prompts, options)`: one call each; one that failed or was refused leaves its Error in its place. */
export function batchedQueryFunction(host: CallHost): object {
  const ask = asking("llmQueryBatched", host, (prompts: unknown, options: readonly NamedOption[]) => {
    if (!isArray(prompts)) throw new TypeErrorConstructor("llmQueryBatched takes a list of prompts");
    const { length } = prompts;
    if (length > host.limits.argumentNodes) {
      throw new RangeErrorConstructor(`llmQueryBatched takes at most ${host.limits.argumentNodes} prompts`);
    }
    const last = queryOptions(options, host);
    const use = { used: false };
    const at = currentFrames();
    const { promise, resolve, reject } = callPromise<unknown[]>(use);
    const answers = bareList<unknown>();
    for (let i = 0; i < length; i += 1) append(answers, undefined);
    let missing = length;
    const answer = (i: number, value: unknown): void => {
      answers[i] = value;
      missing -= 1;
      if (missing > 0) return;
      const refusal = sharedRefusal(answers);
      if (refusal === null) resolve(handOver(answers));
      else reject(refusal);
    };
    if (missing === 0) resolve([]);
    for (let i = 0; i < length; i += 1) {
      const settle = (outcome: HostOutcome): void =>
        answer(i, outcome.ok ? outcome.value : outcomeError(outcome.error, at));
      try {
        host.issue({ name: "llmQuery", args: queryArguments(prompts[i], last, host), use, settle });
      } catch (reason) {
        answer(i, reason);
      }
    }
    return promise;
  });
  return named(
    "llmQueryBatched",
    (prompts?: unknown, options?: unknown): Promise<unknown> =>
      ask(prompts, namedOptions(options, QUERY_OPTIONS)),
  );
}

/** The refusal that every query of a batch met, such as a model that does not exist. It is reported once. */
function sharedRefusal(answers: readonly unknown[]): unknown {
  const first = answers[0];
  if (answers.length < 2 || typeof first !== "object" || first === null) return null;
  if (ownValue(first, "name") !== "TypeError") return null;
  const message = ownValue(first, "message");
  for (let i = 1; i < answers.length; i += 1) {
    const answer = answers[i];
    if (typeof answer !== "object" || answer === null || brandOf(answer) !== "error") return null;
    if (ownValue(answer, "message") !== message) return null;
  }
  return first;
}

/** `delegate(name, query, options)`: a handle at once. The name may be the handle of a finished child. */
export function delegateFunction(host: CallHost): object {
  return named("delegate", (name?: unknown, query?: unknown, options?: unknown): object => {
    const child = host.handles.childOf(name);
    const label = child?.name ?? (typeof name === "string" ? name : "?");
    const given = namedOptions(options, DELEGATE_OPTIONS);
    try {
      return host.handles.delegate(label, delegateArguments(host, { name, child, query, options: given }));
    } catch (reason) {
      return host.handles.refused(label, reason);
    }
  });
}

interface Delegation {
  readonly name: unknown;
  /** The child that the name stands for, when it is a handle. */
  readonly child: Child | undefined;
  readonly query: unknown;
  readonly options: readonly NamedOption[];
}

function delegateArguments(host: CallHost, { name, child, query, options }: Delegation): readonly string[] {
  if (child === undefined && typeof name !== "string") {
    throw new TypeErrorConstructor(
      "delegate(name, query, options): the name is a string, or a child's handle",
    );
  }
  if (typeof name === "string" && !hasContext(options) && isTaskOf(name, query, host)) {
    throw new TypeErrorConstructor(
      `delegate(name, query, options): the name comes first, then the task, and the text to work on is an option; write delegate("part", ${quote(stringSlice(name, 0, 200))}, { context: text })`,
    );
  }
  if (child?.ref === null) throw new TypeErrorConstructor(`the child ${child.name} was never started`);
  const args = bareList<string>();
  append(args, child?.ref ?? encodeJson(name, "the name of delegate", host.limits));
  append(args, promptText(query, "delegate(name, query, options): the query", host));
  append(args, encodeDelegateOptions(options, host.slices, host.limits));
  return args;
}

const THREE_WORDS = /\S\s+\S+\s+\S/;
/** Several words that end as a sentence does, or more words than a name has. */
const SENTENCE = /^\s*(?:\S+\s+){2,}\S*[.?!:]["')]?\s*$|^\s*(?:\S+\s+){6}\S/;
/** Characters of a query that may be the text to work on rather than the task. */
const LONG_QUERY = 1_000;

/** True when the task was given as the name, and the text to work on as the query. */
function isTaskOf(name: string, query: unknown, host: CallHost): boolean {
  if (host.slices.rangeOf(query) !== undefined) return matches(THREE_WORDS, name);
  return typeof query === "string" && query.length > LONG_QUERY && matches(SENTENCE, name);
}

function matches(pattern: RegExp, name: string): boolean {
  return regExpExec(pattern, stringSlice(name, 0, 200)) !== null;
}

function hasContext(options: readonly NamedOption[]): boolean {
  for (let i = 0; i < options.length; i += 1) if (options[i]?.name === "context") return true;
  return false;
}

/** `wait(...handles)`: the results in order; a list of handles is taken too. */
export function waitFunction(host: CallHost): object {
  return asking("wait", host, (...given: unknown[]): Promise<unknown[]> => {
    const children = bareList<Child>();
    for (let i = 0; i < given.length; i += 1) {
      const item = given[i];
      if (!isArray(item)) append(children, childOrThrow(item, host));
      else for (let k = 0; k < item.length; k += 1) append(children, childOrThrow(item[k], host));
    }
    return host.handles.wait(children, currentFrames());
  });
}

/** `done(value)`: never resolves when the value is accepted. */
export function doneFunction(host: CallHost): object {
  return asking("done", host, (value?: unknown): Promise<unknown> => {
    if (value === undefined) {
      throw new TypeErrorConstructor("done(value) needs the answer; use null for an empty one");
    }
    const use = { used: false };
    const at = currentFrames();
    const { promise, reject } = callPromise<unknown>(use);
    const settle = (outcome: HostOutcome): void => {
      if (!outcome.ok) reject(outcomeError(outcome.error, at));
    };
    const args = bareList<string>();
    append(args, encodeJson(value, "the value of done", host.limits));
    host.issue({ name: "done", args, use, settle });
    return promise;
  });
}

function call(host: CallHost, name: string, args: readonly string[]): Promise<unknown> {
  host.ensureRoom();
  const use = { used: false };
  const at = currentFrames();
  const { promise, resolve, reject } = callPromise<unknown>(use);
  const settle = (outcome: HostOutcome): void => {
    if (outcome.ok) resolve(outcome.value);
    else reject(outcomeError(outcome.error, at));
  };
  host.issue({ name, args, use, settle });
  return promise;
}

/** JSON text of the options of a query, the same for all of a batch. */
function queryOptions(options: readonly NamedOption[], host: CallHost): string {
  const plain = {};
  for (let i = 0; i < options.length; i += 1) {
    const option = options[i];
    if (option !== undefined) defineValue(plain, option.name, option.value);
  }
  return encodeJson(plain, "the options of llmQuery", host.limits);
}

function queryArguments(prompt: unknown, options: string, host: CallHost): readonly string[] {
  const args = bareList<string>();
  append(args, promptText(prompt, "llmQuery(prompt, options): the prompt", host));
  append(args, options);
  return args;
}

/** A string, or a slice of CONTEXT that stands for its text. */
function promptText(value: unknown, what: string, host: CallHost): string {
  if (typeof value !== "string" && host.slices.rangeOf(value) === undefined) {
    throw new TypeErrorConstructor(`${what} is a string`);
  }
  return encodeJson(value, what, host.limits);
}

function childOrThrow(value: unknown, host: CallHost): Child {
  const child = host.handles.childOf(value);
  if (child === undefined) throw new TypeErrorConstructor("wait takes handles, as delegate gives them");
  return child;
}

/** A function whose promise rejects with what the method throws. */
function asking(
  name: string,
  host: CallHost,
  method: (...args: never[]) => Promise<unknown>,
): (...args: unknown[]) => Promise<unknown> {
  return named(name, (...args: unknown[]): Promise<unknown> => {
    try {
      return reflectApply(method, undefined, args);
    } catch (reason) {
      return host.refuse(reason);
    }
  });
}

function named<T extends object>(name: string, method: T): T {
  defineValue(method, "name", name, false);
  return method;
}
