// Handles of children: what `delegate` gives and `wait` takes.
//
// Owns: which child a handle stands for, and its result once it is known. Invariants: (1) a handle is
// known by identity, so none can be made by hand; (2) making, keeping, printing or returning a handle
// asks for nothing: only awaiting it does; (3) a `wait` is sent for a child that exists, never for a
// refused one; (4) a result that is known is given without asking again.

import { missingNames } from "../realm/missing-names.ts";
import { registerNative } from "../realm/native-values.ts";
import {
  append,
  bare,
  bareList,
  defineValue,
  ErrorConstructor,
  handOver,
  objectFreeze,
  ownValue,
  promiseFinally,
  quote,
  react,
  reflectApply,
  reflectSetPrototypeOf,
  SetConstructor,
  setAdd,
  setHas,
  TypeErrorConstructor,
  WeakMapConstructor,
  weakMapGet,
  weakMapSet,
} from "../realm/primordials.ts";
import { currentFrames, type Frame } from "../realm/stack.ts";
import { callPromise, type Use } from "./call-promise.ts";
import type { HostOutcome, NewCall } from "./calls.ts";
import { outcomeError } from "./outcome-error.ts";

/** A child as the evaluator knows it. */
export interface Child {
  readonly name: string;
  readonly block: string;
  /** JSON text of the reference that crosses; `null` when the call was refused before it was made. */
  readonly ref: string | null;
  readonly at: readonly Frame[];
  /** The agent's id; `null` until the delegation is answered. */
  agent: string | null;
  /** Why there is no child. */
  refusal: { readonly reason: unknown } | null;
  /** Whether somebody waited for it. */
  readonly use: Use;
  result: HostOutcome | null;
  /** The promise of the wait that a block has out for this child alone. */
  asked: { readonly block: string; readonly promise: Promise<unknown> } | null;
  /** Who waits for the delegation to be answered. */
  readonly whenBorn: (() => void)[];
}

/** What handles need of the running block. */
export interface HandleHost {
  /** Id of the running block. */
  readonly block: () => string;
  readonly issue: (call: NewCall) => number;
  /** Has a refusal told at the end of the block if nobody uses it. */
  readonly noteRefusal: (reason: unknown, use: Use) => void;
}

/** The handles of one REPL. */
export class Handles {
  readonly #host: HandleHost;
  readonly #children = new WeakMapConstructor<object, Child>();
  readonly #prototype: object;

  constructor(host: HandleHost) {
    this.#host = host;
    this.#prototype = this.#makePrototype();
  }

  /** The child behind a handle, or `undefined` for anything else. */
  childOf(value: unknown): Child | undefined {
    return typeof value === "object" && value !== null ? weakMapGet(this.#children, value) : undefined;
  }

  /** Issues a `delegate` call with these arguments (JSON texts) and gives its handle. */
  delegate(name: string, args: readonly string[]): object {
    let child: Child | null = null;
    const settle = (outcome: HostOutcome): void => {
      if (child !== null) born(child, outcome);
    };
    const index = this.#host.issue({ name: "delegate", args, use: { used: true }, settle });
    const ref = `{"block":${quote(this.#host.block())},"index":${index}}`;
    child = this.#child(name, ref, currentFrames());
    return this.#handleOf(child);
  }

  /** The handle of a child that can't be: it rejects. */
  refused(name: string, reason: unknown): object {
    const child = this.#child(name, null, NOWHERE);
    child.refusal = bare({ reason });
    this.#host.noteRefusal(reason, child.use);
    return this.#handleOf(child);
  }

  #child(name: string, ref: string | null, at: readonly Frame[]): Child {
    return {
      name,
      block: this.#host.block(),
      ref,
      at,
      agent: null,
      refusal: null,
      use: { used: false },
      result: null,
      asked: null,
      whenBorn: bareList(),
    };
  }

  #handleOf(child: Child): object {
    const handle = bare({});
    registerNative(handle, { label: `Handle(${child.name})`, advice: "a handle; await it first" });
    weakMapSet(this.#children, handle, child);
    reflectSetPrototypeOf(handle, this.#prototype);
    return objectFreeze(handle);
  }

  /** The results of children in order. Rejects with the error of the first that failed. */
  wait(children: readonly Child[], at: readonly Frame[]): Promise<unknown[]> {
    const use = { used: false };
    const { promise, resolve, reject } = callPromise<unknown[]>(use);
    const finish = (): void => {
      const failure = firstFailure(children, at);
      if (failure !== null) reject(failure.reason);
      else resolve(resultsOf(children));
    };
    const settle = (open: readonly Child[], outcome: HostOutcome): void => {
      if (outcome.ok) keepResults(open, outcome.value);
      if (outcome.ok) finish();
      else reject(outcomeError(outcome.error, at));
    };
    for (let i = 0; i < children.length; i += 1) {
      const child = children[i];
      if (child !== undefined) child.use.used = true;
    }
    const ask = (): void => {
      const open = anyRefused(children) ? NOBODY : withoutResult(children);
      if (open.length === 0) finish();
      else this.#issueWait(open, use, (outcome) => settle(open, outcome), reject);
    };
    this.#whenAllBorn(children, ask);
    return promise;
  }

  #issueWait(
    open: readonly Child[],
    use: Use,
    settle: NewCall["settle"],
    reject: (reason: unknown) => void,
  ): void {
    const args = bareList<string>();
    for (let i = 0; i < open.length; i += 1) append(args, open[i]?.ref ?? "null");
    try {
      this.#host.issue({ name: "wait", args, use, settle });
    } catch (error) {
      reject(error);
    }
  }

  #whenAllBorn(children: readonly Child[], proceed: () => void): void {
    let missing = 0;
    const count = (): void => {
      missing -= 1;
      if (missing === 0) proceed();
    };
    for (let i = 0; i < children.length; i += 1) {
      const child = children[i];
      if (child === undefined || child.agent !== null || child.refusal !== null) continue;
      if (child.block !== this.#host.block()) {
        child.refusal = bare({
          reason: new ErrorConstructor(`the child ${child.name} was never started`),
        });
        continue;
      }
      missing += 1;
      append(child.whenBorn, count);
    }
    if (missing === 0) proceed();
  }

  /** The promise of one child's result; shared while its wait is out. */
  #resultOf(child: Child, at: readonly Frame[]): Promise<unknown> {
    const block = this.#host.block();
    if (child.asked !== null && (child.asked.block === block || child.result !== null)) {
      return child.asked.promise;
    }
    const list: Child[] = bareList();
    append(list, child);
    const { promise, resolve, reject } = callPromise<unknown>({ used: true });
    react(this.wait(list, at.length > 0 ? at : child.at), (values: unknown[]) => resolve(values[0]), reject);
    child.asked = { block, promise };
    return promise;
  }

  #makePrototype(): object {
    const resultOf = (self: unknown): Promise<unknown> => {
      const child = handles.childOf(self);
      if (child === undefined) throw new TypeErrorConstructor("this is not a handle that delegate gave");
      return handles.#resultOf(child, currentFrames());
    };
    const handles = this;
    const prototype = {
      then(onValue: never, onError: never): unknown {
        return react(resultOf(this), onValue, onError);
      },
      catch(onError: never): unknown {
        return react(resultOf(this), undefined, onError);
      },
      finally(onEnd: never): unknown {
        return reflectApply(promiseFinally, resultOf(this), [onEnd]);
      },
    };
    const names = missingNames((name) => {
      throw new TypeErrorConstructor(
        `A handle has no ${name}: await the handle, which gives the answer of the child`,
      );
    });
    defineValue(prototype, "toJSON", function handleJson(): never {
      throw new TypeErrorConstructor("A handle is no value: await it for the answer of the child");
    });
    reflectSetPrototypeOf(prototype, names);
    defineValue(prototype, "toString", function handleText(this: unknown): string {
      return handles.childOf(this) === undefined ? "Handle" : `Handle(${handles.childOf(this)?.name})`;
    });
    return objectFreeze(prototype);
  }
}

const NOBODY: readonly Child[] = [];
const NOWHERE: readonly Frame[] = [];

function born(child: Child, outcome: HostOutcome): void {
  if (outcome.ok) child.agent = typeof outcome.value === "string" ? outcome.value : child.name;
  else child.refusal = bare({ reason: outcomeError(outcome.error, child.at) });
  const waiting = child.whenBorn;
  for (let i = 0; i < waiting.length; i += 1) waiting[i]?.();
  waiting.length = 0;
}

function anyRefused(children: readonly Child[]): boolean {
  for (let i = 0; i < children.length; i += 1) if (children[i]?.refusal != null) return true;
  return false;
}

/** Children whose result is not known, each once. */
function withoutResult(children: readonly Child[]): Child[] {
  const open: Child[] = bareList();
  const seen = new SetConstructor<Child>();
  for (let i = 0; i < children.length; i += 1) {
    const child = children[i];
    if (child === undefined || child.result !== null || setHas(seen, child)) continue;
    setAdd(seen, child);
    append(open, child);
  }
  return open;
}

/** Takes the host's list of outcomes apart. What is missing in it counts as failed. */
function keepResults(children: readonly Child[], value: unknown): void {
  const outcomes = typeof value === "object" && value !== null ? value : bare({});
  for (let i = 0; i < children.length; i += 1) {
    const child = children[i];
    const outcome = ownValue(outcomes, i);
    if (child === undefined) continue;
    const known = typeof outcome === "object" && outcome !== null ? outcome : bare({});
    child.result =
      ownValue(known, "ok") === true
        ? { ok: true, value: ownValue(known, "value") }
        : { ok: false, error: ownValue(known, "error") };
  }
}

function firstFailure(children: readonly Child[], at: readonly Frame[]): Child["refusal"] {
  for (let i = 0; i < children.length; i += 1) {
    const child = children[i];
    if (child === undefined) continue;
    if (child.refusal !== null) return child.refusal;
    if (child.result === null || child.result.ok) continue;
    const error = outcomeError(child.result.error, at.length > 0 ? at : child.at);
    if (children.length > 1) addShare(error, children);
    defineValue(error, "agent", child.agent, true);
    return { reason: error };
  }
  return null;
}

/** One failure says nothing of the others: their results are kept, and a handle may be awaited again. */
function addShare(error: Error, children: readonly Child[]): void {
  let answered = 0;
  for (let i = 0; i < children.length; i += 1) if (children[i]?.result?.ok === true) answered += 1;
  const message = ownValue(error, "message");
  const share = `${answered} of ${children.length} answered; await Promise.allSettled(handles) gives what each came to`;
  defineValue(error, "message", `${typeof message === "string" ? message : ""} (${share})`, false);
}

function resultsOf(children: readonly Child[]): unknown[] {
  const values = bareList<unknown>();
  for (let i = 0; i < children.length; i += 1) {
    const result = children[i]?.result;
    append(values, result?.ok === true ? result.value : undefined);
  }
  return handOver(values);
}
