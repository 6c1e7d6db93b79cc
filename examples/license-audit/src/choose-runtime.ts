import type { Runtime } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { localRuntime } from "@rlmflow/runtime-local";

/** Where the agents' code can run, and what agents can write. */
export const RUNTIMES = ["isolated", "local", "subprocess", "docker", "modal"];
export const LANGUAGES = ["javascript", "python"] as const;

/** A language of agents. */
export type Language = (typeof LANGUAGES)[number];

/**
 * The runtime of that name. One line tells them apart; those that not everybody needs are loaded when they are
 * wanted. Python runs wherever a process can be started.
 */
export async function chooseRuntime(
  name: string,
  language: Language,
  image: string | undefined,
): Promise<Runtime> {
  if (language === "javascript" && name === "isolated") return isolatedRuntime();
  if (language === "javascript" && name === "local") return localRuntime();
  const spoken =
    language === "python" ? { language: (await import("@rlmflow/repl-python")).pythonLanguage } : {};
  switch (name) {
    case "subprocess":
      return (await import("@rlmflow/runtime-subprocess")).subprocessRuntime(
        language === "python" ? spoken : { permissions: {} },
      );
    case "docker":
      return (await import("@rlmflow/runtime-docker")).dockerRuntime({
        ...spoken,
        share: "run",
        ...(image !== undefined && { image }),
      });
    case "modal":
      return (await import("@rlmflow/runtime-modal")).modalRuntime({ ...spoken, share: "run" });
    default:
      throw new TypeError(
        RUNTIMES.includes(name)
          ? `--runtime ${name} runs JavaScript only.`
          : `--runtime is one of ${RUNTIMES.join(", ")}, not "${name}".`,
      );
  }
}
