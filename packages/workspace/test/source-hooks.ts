import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/*
 * Loaded with `--import` into processes that tests start: they run the sources of `@rlmflow/*` as the
 * tests do, by the same table.
 */

const root = join(import.meta.dirname, "../../..");
const table = readFileSync(join(root, "tsconfig.paths.json"), "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
const paths: Readonly<Record<string, readonly string[]>> = JSON.parse(table).compilerOptions.paths;

registerHooks({
  resolve(specifier, context, next) {
    const [source] = paths[specifier] ?? [];
    return next(source === undefined ? specifier : pathToFileURL(join(root, source)).href, context);
  },
});
