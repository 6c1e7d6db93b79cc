import { RLMError } from "@rlmflow/core";

/** The provider's SDK, or `missing_dependency` with the command that installs it. */
export async function loadSdk<Sdk>(name: string, load: () => Promise<Sdk>): Promise<Sdk> {
  try {
    return await load();
  } catch (cause) {
    const problem = isMissing(cause, name) ? "is not installed" : `cannot be loaded (${String(cause)})`;
    throw new RLMError("missing_dependency", `The package ${name} ${problem}. Run: npm install ${name}`, {
      cause,
      details: { package: name, command: `npm install ${name}` },
    });
  }
}

function isMissing(cause: unknown, name: string): boolean {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "ERR_MODULE_NOT_FOUND" && String(cause).includes(name);
}
