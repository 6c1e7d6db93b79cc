import { isDeepStrictEqual } from "node:util";
import { RLMError } from "@rlmflow/core";

/**
 * One requirement of a contract as a plain async function, so that any test runner can run it.
 * The name is a sentence; `run` makes a fresh instance of what it examines and rejects on a violation.
 */
export interface ContractCheck {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * The names of the checks that the driver fails, in the contract's order. Runs them one after another.
 * A contract proves itself by refusing drivers that are broken on purpose.
 */
export async function refusals<Driver>(
  contract: (driver: Driver) => readonly ContractCheck[],
  driver: Driver,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const check of contract(driver)) {
    const violated = await check.run().then(
      () => false,
      () => true,
    );
    if (violated) failed.push(check.name);
  }
  return failed;
}

/** Throws a `protocol_violation` that says what does not hold. */
export function ensure(holds: boolean, violation: string): asserts holds {
  if (!holds) throw new RLMError("protocol_violation", violation);
}

/** Throws a `protocol_violation` that shows both values unless they are deeply and strictly equal. */
export function ensureEqual(actual: unknown, expected: unknown, what: string): void {
  ensure(isDeepStrictEqual(actual, expected), `${what} is ${show(actual)} instead of ${show(expected)}`);
}

/** Settles as the promise does, or throws a `protocol_violation` when that takes longer. */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new RLMError("protocol_violation", `${what} takes longer than ${milliseconds} ms`));
  }, milliseconds);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error a promise rejects with, or a `protocol_violation` when it resolves. */
export async function rejectionOf(what: string, promise: Promise<unknown>): Promise<unknown> {
  const settled = await promise.then(
    (value) => ({ resolved: true as const, value }),
    (error: unknown) => ({ resolved: false as const, error }),
  );
  ensure(!settled.resolved, `${what} resolves instead of rejecting`);
  return settled.error;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
