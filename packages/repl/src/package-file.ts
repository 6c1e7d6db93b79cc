import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { RLMError } from "@rlmflow/core";

/**
 * The path of a file that a package carries beside its code, such as the program of another process. It is looked
 * for from each importer, usually the `import.meta.url` of the code that needs it. In a bundle that is the URL of the
 * bundle, or nothing at all, so the program that was started and the working directory follow.
 * Throws `missing_dependency` that says what to install and what to leave out of a bundle.
 */
export function packageFile(specifier: string, importers: readonly (string | undefined)[]): string {
  let cause: unknown;
  for (const importer of [...importers, startedProgram(), join(workingDirectory(), "index.js")]) {
    if (importer === undefined) continue;
    try {
      const path = createRequire(importer).resolve(specifier);
      if (existsSync(path)) return path;
    } catch (error) {
      cause ??= error;
    }
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  throw new RLMError(
    "missing_dependency",
    `${specifier} was not found, neither from this program nor from ${workingDirectory()}. It is a file of its own that no bundler takes along. Run: npm install ${name} where the program runs. In a bundle, also mark @rlmflow/* and isolated-vm as external, for example esbuild --external:@rlmflow/* --external:isolated-vm (docs/bundlers.md).`,
    { cause, details: { package: name, command: `npm install ${name}` } },
  );
}

function startedProgram(): string | undefined {
  const [, program] = process.argv;
  return program !== undefined && isAbsolute(program) ? program : undefined;
}

/** A folder that was removed is no place to look. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}
