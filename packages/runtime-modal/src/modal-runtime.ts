import type { Runtime } from "@rlmflow/core";
import { channelRuntime } from "@rlmflow/repl";
import type { ModalRuntimeOptions } from "./modal-options.ts";
import { modalSettings, replayOf } from "./modal-settings.ts";
import { SandboxPool } from "./sandbox-pool.ts";

/**
 * A runtime whose REPLs live in sandboxes of Modal's: far away, and nothing of yours within reach. Throws
 * `invalid_options`, naming all that is wrong. `close` rejects, naming them, when sandboxes may still run.
 */
export function modalRuntime(options: ModalRuntimeOptions = {}): Runtime {
  const settings = modalSettings(options);
  const pool = new SandboxPool(settings);
  const { language, times, limits } = settings;
  return channelRuntime({
    name: "modal",
    isolation: "remote",
    replay: replayOf(settings),
    language,
    times,
    limits,
    connect: (spec, signal) => pool.connect(spec, signal),
    close: () => pool.close(),
  });
}
