import type { Runtime } from "@rlmflow/core";
import type { Activation, ReplSession, ReplSpec } from "@rlmflow/core/driver";

/** The spec of some agent, changed as given. */
export function sampleSpec(changes: Partial<ReplSpec> = {}): ReplSpec {
  return {
    agentId: "root",
    group: "run-1",
    depth: 0,
    maxDepth: 1,
    seed: "seed",
    contexts: [],
    globals: {},
    functions: ["echo"],
    alone: false,
    ...changes,
  };
}

/** Starts a block in a REPL. */
export function start(session: ReplSession, code: string): Promise<Activation> {
  return session.start({ id: "root#1", code, now: 1_700_000_000_000 });
}

/** The output of a block in a fresh REPL. */
export async function outputOf(runtime: Runtime, code: string): Promise<string> {
  const session = await runtime.open(sampleSpec());
  const { output } = await start(session, code);
  await session.dispose();
  return output;
}

/** The message of what opening a REPL rejects with, and how long that took. */
export async function refusalOf(runtime: Runtime): Promise<{ message: string; code: unknown; ms: number }> {
  const begin = performance.now();
  const error: unknown = await runtime.open(sampleSpec()).then(
    () => new Error("it opened"),
    (reason: unknown) => reason,
  );
  const ms = performance.now() - begin;
  await runtime.close();
  const code = error instanceof Error && "code" in error ? error.code : null;
  return { message: error instanceof Error ? error.message : String(error), code, ms };
}
