import { type FlowOptions, RLMError, RLMFlow, RunError } from "../../src/index.ts";
import { fixedEnvironment, type Script, scriptedClient } from "../../src/testing/index.ts";
import { inlineRuntime } from "./inline-runtime.ts";

/** A reply whose code is this. */
export function block(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}

/** A flow whose model answers from a script; time stands still but for counting. */
export function flowOf(script: Script, options: Partial<FlowOptions> = {}): RLMFlow {
  return new RLMFlow({
    client: scriptedClient(script),
    runtime: inlineRuntime(),
    environment: fixedEnvironment(),
    ...options,
  });
}

/** What a promise rejects with, when it is an RLMError. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<RLMError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (RLMError.is(error)) return error;
  throw new Error(`expected an RLMError, got ${String(error)}`, { cause: error });
}

/** What a run rejects with: it always has the graph. */
export async function runFailureOf(run: PromiseLike<unknown>): Promise<RunError> {
  const error = await failureOf(run);
  if (error instanceof RunError) return error;
  throw new Error(`expected a RunError, got ${error.message}`, { cause: error });
}

/** Resolves after the macrotasks that are due. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
