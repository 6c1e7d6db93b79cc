import { RLMFlow, type RunConfig } from "@rlmflow/core";
import { fileTools } from "@rlmflow/tools";
import type { Workspace } from "@rlmflow/workspace";
import { chooseClient } from "./choose-client.ts";
import { chooseRuntime } from "./choose-runtime.ts";
import type { RunOptions } from "./run-options.ts";

/** The flow that the options describe, over a workspace. */
export async function openFlow(options: RunOptions, workspace: Workspace): Promise<RLMFlow> {
  const { price, model, files } = options;
  const config: RunConfig = options.limits;
  return new RLMFlow({
    client: chooseClient(options),
    runtime: await chooseRuntime(options.runtime),
    workspace,
    config,
    ...(files !== "none" && { tools: fileTools(workspace, { readOnly: files === "read" }) }),
    ...(price !== null && {
      prices: { [model]: { inputPerMillionUsd: price.input, outputPerMillionUsd: price.output } },
    }),
  });
}
