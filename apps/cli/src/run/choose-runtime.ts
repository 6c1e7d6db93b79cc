import type { Runtime } from "@rlmflow/core";
import type { RunOptions } from "./run-options.ts";

/** The runtime by name, its package loaded when it is needed. */
export async function chooseRuntime(name: RunOptions["runtime"]): Promise<Runtime> {
  if (name === "local") {
    const { localRuntime } = await import("@rlmflow/runtime-local");
    return localRuntime();
  }
  const { isolatedRuntime } = await import("@rlmflow/runtime-isolated");
  return isolatedRuntime();
}
