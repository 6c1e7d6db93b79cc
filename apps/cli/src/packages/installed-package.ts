import { readFileSync, realpathSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { isJsonObject } from "@rlmflow/core";

/** A package that an `import` finds. */
export interface InstalledPackage {
  readonly version: string;
  readonly folder: string;
}

/** The package that an `import` in the module at the URL `from` would load, or `null` when it is not installed. */
export function installedPackage(name: string, from: string): InstalledPackage | null {
  const path = manifestPath(name, from);
  if (path === null) return null;
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  const version = isJsonObject(manifest) ? String(manifest.version) : "";
  return { version, folder: dirname(path) };
}

/** What `of` loads by itself: an SDK is found from the package that imports it, not from this one. */
export function installedFor(of: string, name: string, from: string): InstalledPackage | null {
  const importer = manifestPath(of, from);
  return importer === null ? null : installedPackage(name, pathToFileURL(importer).href);
}

function manifestPath(name: string, from: string): string | null {
  try {
    const path = findPackageJSON(name, from);
    return path === undefined ? null : realpathSync(path);
  } catch {
    return null;
  }
}

/** True when nothing breaks between two versions: the same major, below 1.0 the same minor. */
export function isSameLine(one: string, other: string): boolean {
  return versionLine(one) === versionLine(other);
}

/** The versions that go together, as npm takes them: `0.3` for 0.3.1, `2` for 2.3.1. */
export function versionLine(version: string): string {
  const [major = "", minor = ""] = version.split(/[.+-]/);
  return major === "0" ? `0.${minor}` : major;
}
