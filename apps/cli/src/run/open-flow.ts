import { RLMFlow, type RunConfig } from "@rlmflow/core";
import { fileTools } from "@rlmflow/tools";
import type { Workspace } from "@rlmflow/workspace";
import type { CommandIo } from "../command-io.ts";
import type { RunOptions } from "../options/run-options.ts";
import { chooseClient } from "./choose-client.ts";
import { chooseRuntime, isolationWarning } from "./choose-runtime.ts";

/** The flow that the options describe, over a workspace. Says where code will not be kept from this machine. */
export async function openFlow(
  options: RunOptions,
  workspace: Workspace,
  { stderr }: CommandIo,
): Promise<RLMFlow> {
  const { price, model, files } = options;
  const runtime = await chooseRuntime(options);
  const warning = isolationWarning(runtime);
  if (warning !== null && options.progress !== "none" && options.progress !== "json")
    stderr.write(`${warning}\n`);
  const config: RunConfig = options.limits;
  return new RLMFlow({
    client: chooseClient(options),
    runtime,
    workspace,
    config,
    ...(files !== "none" && { tools: fileTools(workspace, { readOnly: files === "read" }) }),
    ...(price !== null && {
      prices: { [model]: { inputPerMillionUsd: price.input, outputPerMillionUsd: price.output } },
    }),
  });
}
