import { type Client, type FlowOptions, RLMFlow, type RunConfig } from "@rlmflow/core";
import { stubClient } from "./stub-client.ts";
import { stubRuntime } from "./stub-runtime.ts";

/** Limits that never bind; how much runs at a time is left at its defaults. */
const ROOMY: RunConfig = {
  maxAgents: 1_000_000,
  maxChildren: 100_000,
  maxDepth: 64,
  maxIterations: 1_000_000,
};

/** A flow whose model and REPLs are stubs; runs are kept in memory unless there is a workspace. */
export function stubFlow(
  options: { workspace?: FlowOptions["workspace"]; client?: Client; config?: RunConfig } = {},
): RLMFlow {
  const { workspace, client = stubClient(), config = {} } = options;
  return new RLMFlow({
    client,
    runtime: stubRuntime(),
    config: { ...ROOMY, ...config },
    ...(workspace !== undefined && { workspace }),
  });
}
