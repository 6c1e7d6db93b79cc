import { fixedEnvironment, type Script, scriptedClient } from "@rlmflow/testing";
import { defineTool, type FlowOptions, RLMError, RLMFlow, RunError } from "../../src/index.ts";
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

/** Resolves when the condition holds; only a test's time limit ends the wait for one that never does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** A tool that answers when it is let go, and the moment in which code has called it. */
export function heldTool(name: string) {
  const called = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const tool = defineTool({
    name,
    description: "Answers when it is let go.",
    input: { type: "object" },
    repeat: "safe",
    run: () => {
      called.resolve();
      return answer.promise;
    },
  });
  return { tool, called: called.promise, letGo: () => answer.resolve("let go") };
}

/** Resolves after the macrotasks that are due. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
