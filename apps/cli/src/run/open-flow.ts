import { RLMFlow, type RunConfig, type Tool } from "@rlmflow/core";
import type { Workspace } from "@rlmflow/workspace";
import type { CommandIo } from "../command-io.ts";
import type { RunOptions } from "../options/run-options.ts";
import { loadPackage, requirePackages } from "../packages/load-package.ts";
import type { Need, SdkNeed } from "../packages/optional-packages.ts";
import { chooseClient } from "./choose-client.ts";
import { chooseRuntime, isolationWarning } from "./choose-runtime.ts";

/** Refuses options whose packages can't be used, all at once; see {@link requirePackages}. */
export async function requirePackagesOf({ runtime, language, files, provider }: RunOptions): Promise<void> {
  const needs: readonly (Need | SdkNeed)[] = [
    `--runtime ${runtime}`,
    ...(language === "python" ? (["--language python"] as const) : []),
    ...(files === "none" ? [] : (["--files"] as const)),
    `--provider ${provider}`,
  ];
  await requirePackages(needs);
}

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
    ...(files !== "none" && { tools: await chooseTools(files, workspace) }),
    ...(price !== null && {
      prices: { [model]: { inputPerMillionUsd: price.input, outputPerMillionUsd: price.output } },
    }),
  });
}

async function chooseTools(files: "read" | "write", workspace: Workspace): Promise<readonly Tool[]> {
  const { fileTools } = await loadPackage("--files");
  return fileTools(workspace, { readOnly: files === "read" });
}
