import type { Runtime } from "@rlmflow/core";
import type { RunOptions } from "../options/run-options.ts";
import { loadPackage } from "../packages/load-package.ts";

/** The runtime by name, its package loaded when it is needed. JavaScript is the language that each has anyway. */
export async function chooseRuntime(options: RunOptions): Promise<Runtime> {
  const image = options.image === null ? {} : { image: options.image };
  const language =
    options.language === "python"
      ? { language: (await loadPackage("--language python")).pythonLanguage }
      : {};
  switch (options.runtime) {
    case "local":
      return (await loadPackage("--runtime local")).localRuntime();
    case "isolated":
      return (await loadPackage("--runtime isolated")).isolatedRuntime();
    case "subprocess": {
      const { subprocessRuntime } = await loadPackage("--runtime subprocess");
      // Tools run here: the code needs no file, and code that escapes its realm gets none.
      return subprocessRuntime({
        ...language,
        ...(options.language === "javascript" && { permissions: {} }),
      });
    }
    case "docker":
      return (await loadPackage("--runtime docker")).dockerRuntime({ ...language, ...image });
    case "modal": {
      const { modalRuntime } = await loadPackage("--runtime modal");
      return modalRuntime({
        ...language,
        ...(options.image !== null && { image: { registry: options.image } }),
      });
    }
  }
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
