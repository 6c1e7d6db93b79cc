import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { RLMError } from "@rlmflow/core";

/** Modal's SDK as a module. */
export type ModalModule = typeof import("modal");

const COMMAND = "npm install modal@~0.11.1";

/**
 * Modal's SDK, loaded when the first sandbox is wanted. Rejects with `missing_dependency` when it is not
 * installed, and when what is installed is the other project that has the name `modal` from 1.0 on.
 */
export async function loadModal(): Promise<ModalModule> {
  let failure: unknown;
  try {
    const module = await import("modal");
    if (typeof module.ModalClient === "function") return module;
  } catch (cause) {
    failure = cause;
  }
  throw new RLMError("missing_dependency", `${problem(failure)} Run: ${COMMAND}`, {
    cause: failure,
    details: { package: "modal", command: COMMAND },
  });
}

function problem(failure: unknown): string {
  const version = installedVersion();
  if (version !== null && !version.startsWith("0.")) {
    return `The package modal ${version} is another project than Modal's SDK, which is modal 0.11.`;
  }
  const code = failure instanceof Error && "code" in failure ? failure.code : null;
  if (code === "ERR_MODULE_NOT_FOUND" && String(failure).includes("'modal'")) {
    return "The package modal, Modal's SDK, is not installed.";
  }
  const why = failure === undefined ? "it has no ModalClient" : String(failure);
  return `The package modal cannot be used as Modal's SDK: ${why}.`;
}

/** Version of the package, or `null` when it does not say: the SDK does not, the other project does. */
function installedVersion(): string | null {
  try {
    const file = createRequire(import.meta.url).resolve("modal/package.json");
    const { version }: { version?: unknown } = JSON.parse(readFileSync(file, "utf8"));
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}
