import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { quoteForShell } from "../terminal/quote-for-shell.ts";

/** Where this command is installed, and where it was started. */
export interface InstallPlace {
  /** A file of this command. */
  readonly command: string;
  readonly workingDirectory: string;
}

/**
 * The command that installs packages where this one finds them, which is beside itself: in the project that it belongs
 * to, among the global packages, or, as npx keeps its packages to itself, together with it in a project.
 */
export function installCommand(packages: readonly string[], place: InstallPlace): string {
  const owner = ownerOf(place.command);
  const words = packages.join(" ");
  if (owner === null || owner === npmTarget(place.workingDirectory)) return `npm install ${words}`;
  if (/[\\/]_npx[\\/]/.test(place.command)) return `npm install @rlmflow/cli ${words}`;
  return existsSync(join(owner, "package.json"))
    ? `npm install --prefix ${quoteForShell(owner)} ${words}`
    : `npm install --global ${words}`;
}

/** The folder whose `node_modules` holds a file; `null` for one that is in none. */
function ownerOf(file: string): string | null {
  const at = file.search(/[\\/]node_modules[\\/]/);
  return at === -1 ? null : file.slice(0, at);
}

/** The folder into which npm installs when it is run there. */
function npmTarget(workingDirectory: string): string {
  for (let folder = workingDirectory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) || existsSync(join(folder, "node_modules"))) return folder;
    if (folder === dirname(folder)) return workingDirectory;
  }
}
