import type { Runtime } from "@rlmflow/core";
import type { Activation, ReplSession, ReplSpec } from "@rlmflow/core/driver";
import { onTestFinished, vi } from "vitest";
import { type ModalRuntimeOptions, modalRuntime } from "../src/index.ts";
import { ModalLoopback, type ModalLoopbackOptions } from "./loopback/modal-loopback.ts";

/** A loopback that Modal's SDK finds until the end of the test. */
export async function startLoopback(options: ModalLoopbackOptions = {}): Promise<ModalLoopback> {
  const loopback = await ModalLoopback.start(options);
  for (const [name, value] of Object.entries(loopback.environment)) vi.stubEnv(name, value);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await loopback.stop();
  });
  return loopback;
}

/** A runtime that is closed at the end of the test. */
export function makeRuntime(options: ModalRuntimeOptions = {}): Runtime {
  const runtime = modalRuntime({ times: { openMs: 20_000 }, ...options });
  onTestFinished(() => runtime.close().catch(() => {}));
  return runtime;
}

/** A spec with what a test does not care about filled in. */
export function specOf(spec: Partial<ReplSpec> = {}): ReplSpec {
  return {
    agentId: "root",
    group: "run-1",
    depth: 0,
    maxDepth: 5,
    seed: "seed",
    contexts: [],
    globals: {},
    functions: ["echo"],
    alone: false,
    ...spec,
  };
}

/** Runs a block that makes no calls. */
export function start(session: ReplSession, code: string): Promise<Activation> {
  return session.start({ id: "root#1", code, now: 1_700_000_000_000 });
}

/** The message of what a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "it did not fail",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** The message of an activation whose REPL is gone. */
export function lossOf({ state }: Activation): string {
  return state.kind === "lost" ? state.message : `it is ${state.kind}`;
}
