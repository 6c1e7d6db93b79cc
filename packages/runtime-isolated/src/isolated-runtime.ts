import { RLMError, type Runtime } from "@rlmflow/core";
import type { ReplSession, ReplSpec } from "@rlmflow/core/driver";
import { javascriptLanguage, replSession } from "@rlmflow/repl";
import { findLaunch, type Launch } from "./launch.ts";
import { type IsolatedRuntimeOptions, resolveOptions } from "./options.ts";
import { ProcessPool } from "./pool/process-pool.ts";
import { SandboxProcess } from "./pool/sandbox-process.ts";

/** Times that a REPL is opened again when its process dies meanwhile, at the hands of a neighbour. */
const OPEN_ATTEMPTS = 3;

/** Caps of the evaluator that keep an activation, at three bytes a character, within one frame. */
const EVALUATOR_LIMITS = { outputKept: 1_000_000, argumentSize: 4_000_000, activationSize: 4_000_000 };

/**
 * Runs agents' code in V8 isolates, which live in child processes without rights that may be killed at any
 * time. No process is started before the first REPL is opened. Throws `invalid_options`.
 */
export function isolatedRuntime(options: IsolatedRuntimeOptions = {}): Runtime {
  const settings = resolveOptions(options);
  let launch: Launch | undefined;
  const pool = new ProcessPool(settings, (onEnd) => {
    launch ??= findLaunch();
    return new SandboxProcess({ launch, limits: settings.limits, onEnd });
  });
  return {
    protocol: 1,
    name: "isolated",
    language: javascriptLanguage.language,
    isolation: "isolate",
    replay: "exact",
    open: (spec) => openSession(pool, spec),
    whenFull: (group) => pool.whenFull(group),
    close: () => pool.close(),
  };
}

async function openSession(pool: ProcessPool, spec: ReplSpec): Promise<ReplSession> {
  const specJson = javascriptLanguage.specText(spec, EVALUATOR_LIMITS);
  let lost = "";
  for (let attempt = 0; attempt < OPEN_ATTEMPTS; attempt += 1) {
    const seat = await pool.take(spec);
    const opened = await seat.open(specJson, spec.contexts);
    if (opened.kind === "answered") return replSession(seat, spec, javascriptLanguage, EVALUATOR_LIMITS);
    lost = opened.message;
    await seat.dispose();
  }
  throw new RLMError("runtime_failed", `A REPL for ${spec.agentId} could not be opened: ${lost}`);
}
