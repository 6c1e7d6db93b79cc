// Loaded with `node --import`: resolves `@rlmflow/*` to the sources, by the table in tsconfig.paths.json.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");
const table = readFileSync(join(root, "tsconfig.paths.json"), "utf8");
const entries = table.matchAll(/"(@rlmflow\/[^"]+)": \["([^"]+)"\]/g);
const urls = new Map(
  Array.from(entries, ([, entry, file]) => [entry, pathToFileURL(join(root, file ?? "")).href]),
);

registerHooks({
  resolve(specifier, context, nextResolve) {
    const url = urls.get(specifier);
    return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
  },
});
