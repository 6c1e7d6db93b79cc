import type { Runtime } from "@rlmflow/core";
import { javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";
import type { RunOptions } from "../options/run-options.ts";

/** The runtime by name, its package loaded when it is needed. */
export async function chooseRuntime(options: RunOptions): Promise<Runtime> {
  const language = await chooseLanguage(options.language);
  const image = options.image === null ? {} : { image: options.image };
  switch (options.runtime) {
    case "local":
      return (await import("@rlmflow/runtime-local")).localRuntime();
    case "isolated":
      return (await import("@rlmflow/runtime-isolated")).isolatedRuntime();
    case "subprocess": {
      const { subprocessRuntime } = await import("@rlmflow/runtime-subprocess");
      // Tools run here: the code needs no file, and code that escapes its realm gets none.
      return subprocessRuntime({ language, ...(options.language === "javascript" && { permissions: {} }) });
    }
    case "docker":
      return (await import("@rlmflow/runtime-docker")).dockerRuntime({ language, ...image });
    case "modal": {
      const { modalRuntime } = await import("@rlmflow/runtime-modal");
      return modalRuntime({
        language,
        ...(options.image !== null && { image: { registry: options.image } }),
      });
    }
  }
}

/** The language by name, its package loaded when it is needed. */
export async function chooseLanguage(language: RunOptions["language"]): Promise<ReplLanguage> {
  return language === "javascript"
    ? javascriptLanguage
    : (await import("@rlmflow/repl-python")).pythonLanguage;
}

/** What a person should know before code runs there; `null` where nothing of this machine is within its reach. */
export function isolationWarning({ name, isolation }: Runtime): string | null {
  switch (isolation) {
    case "none":
      return `isolation "none": agents' code runs in this process (runtime ${name}) and can do what you can`;
    case "process":
      return `isolation "process": agents' code runs in processes of your user (runtime ${name}); what escapes the REPL can do what you can`;
    case "isolate":
    case "container":
    case "remote":
      return null;
  }
}
