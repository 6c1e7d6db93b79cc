import type { Runtime } from "@rlmflow/core";
import { channelRuntime } from "@rlmflow/repl";
import { ContainerPool } from "./container/container-pool.ts";
import type { DockerRuntimeOptions } from "./options.ts";
import { resolveOptions } from "./resolve-options.ts";

/**
 * Runs agents' code in containers of a Docker engine, here or on another machine. Nothing is asked of the engine
 * before the first REPL is opened. Throws `invalid_options`.
 */
export function dockerRuntime(options: DockerRuntimeOptions = {}): Runtime {
  const settings = resolveOptions(options);
  const pool = new ContainerPool(settings);
  const isClosed = settings.network === "none" && settings.mounts.length === 0;
  return channelRuntime({
    name: "docker",
    isolation: "container",
    // What lies outside the container need not be the same at a rebuild.
    replay: isClosed ? settings.language.replay : "best-effort",
    language: settings.language,
    connect: (spec) => pool.open(spec),
    close: () => pool.close(),
    times: settings.times,
    limits: settings.limits,
  });
}
