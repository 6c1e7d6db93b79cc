// Builds packages/repl/dist/evaluator.js where the sources are newer. Sandboxes run it as text, so tests of
// whatever has a sandbox need it, though they run all else from the sources. vitest calls `setup` first.
import { globSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsup";
import { evaluator } from "../packages/repl/tsup.config.ts";

const packageFolder = join(import.meta.dirname, "../packages/repl");
const built = join(packageFolder, "dist/evaluator.js");

function isFresh() {
  const { mtimeMs } = statSync(built, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  const sources = globSync(["src/evaluator/**/*.ts", "tsup.config.ts"], { cwd: packageFolder });
  return sources.every((source) => statSync(join(packageFolder, source)).mtimeMs < mtimeMs);
}

/** Puts the script in its place in one step: another test run may be reading it. */
export async function setup() {
  if (isFresh()) return;
  mkdirSync(join(packageFolder, "dist"), { recursive: true });
  const folder = mkdtempSync(join(packageFolder, "dist/building-"));
  const entry = { evaluator: join(packageFolder, evaluator.entry.evaluator) };
  await build({ ...evaluator, entry, outDir: folder, config: false, silent: true });
  renameSync(join(folder, "evaluator.js"), built);
  rmSync(folder, { recursive: true });
}

if (import.meta.main) await setup();
