import { fileURLToPath } from "node:url";
import { RLMError } from "@rlmflow/core";
import { oneLine } from "@rlmflow/render";
import { ownVersion } from "../own-version.ts";
import { installCommand } from "./install-command.ts";
import { installedFor, installedPackage, isSameLine, versionLine } from "./installed-package.ts";
import { CLIENT_SDKS, type Need, OPTIONAL_PACKAGES, type SdkNeed } from "./optional-packages.ts";

/** The module of the package that something needs. */
export type NeededModule<N extends Need> = Awaited<ReturnType<(typeof OPTIONAL_PACKAGES)[N]["load"]>>;

/** Why a package can't be used. */
interface Fault {
  /** A clause that begins with what needs the package. */
  readonly says: string;
  /** What npm is to install. */
  readonly install: string;
  readonly cause?: unknown;
}

/**
 * Refuses what lacks a package, before anything is paid for: throws one `missing_dependency` that names every package
 * that is not installed, is of a version that does not go with this one, or fails to load, and the command that
 * installs them. Packages are looked for beside this command, as its own imports are, never from the working directory.
 */
export async function requirePackages(needs: readonly (Need | SdkNeed)[]): Promise<void> {
  const faults: Fault[] = [];
  for (const need of needs) {
    const fault = isSdkNeed(need) ? sdkFault(need) : await packageFault(need);
    if (fault !== null) faults.push(fault);
  }
  if (faults.length > 0) throw missingDependency(faults);
}

/** The module that something needs; throws as {@link requirePackages} does where it can't be used. */
export async function loadPackage<N extends Need>(need: N): Promise<NeededModule<N>>;
export async function loadPackage(need: Need): Promise<NeededModule<Need>> {
  await requirePackages([need]);
  return await OPTIONAL_PACKAGES[need].load();
}

function isSdkNeed(need: Need | SdkNeed): need is SdkNeed {
  return Object.hasOwn(CLIENT_SDKS, need);
}

function sdkFault(need: SdkNeed): Fault | null {
  const name = CLIENT_SDKS[need];
  const found = installedFor("@rlmflow/clients", name, import.meta.url);
  return found === null ? { says: `${need} needs ${name}`, install: name } : null;
}

async function packageFault(need: Need): Promise<Fault | null> {
  const { name, load } = OPTIONAL_PACKAGES[need];
  const found = installedPackage(name, import.meta.url);
  if (found === null) return { says: `${need} needs ${name}`, install: name };
  const { version, folder } = found;
  const line = versionLine(ownVersion());
  const install = `${name}@${line}`;
  if (!isSameLine(version, ownVersion()))
    return { says: `${need} needs ${name} ${line}, but ${folder} has ${version}`, install };
  try {
    await load();
    return null;
  } catch (cause) {
    const reason = oneLine(cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
    const says = `${need} needs ${name}, which is installed in ${folder} but fails to load: ${reason}`;
    return { says, install, cause };
  }
}

function missingDependency(faults: readonly Fault[]): RLMError {
  const packages = [...new Set(faults.map(({ install }) => install))];
  const command = installCommand(packages, {
    command: fileURLToPath(import.meta.url),
    workingDirectory: process.cwd(),
  });
  const cause = faults.find((fault) => fault.cause !== undefined)?.cause;
  const what = cause === undefined ? `Install ${packages.length === 1 ? "it" : "them"}` : "Install again";
  return new RLMError(
    "missing_dependency",
    `${faults.map(({ says }) => says).join("; ")}. ${what}: ${command}`,
    { details: { packages, command }, ...(cause !== undefined && { cause }) },
  );
}
