// Builds what sandboxes run, packages/repl/dist/{evaluator.js,server.mjs} and packages/repl-python/dist/rlmflow_repl.py,
// where the sources are newer: tests of whatever has a sandbox need them, though they run all else from the sources.
// vitest calls `setup` first.
import { globSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsup";
import { evaluator, server } from "../packages/repl/tsup.config.ts";
import { PYTHON_PROGRAM, writePythonProgram } from "../packages/repl-python/tsup.config.ts";

const packages = join(import.meta.dirname, "../packages");
const built = join(packages, "repl/dist");
const programs = ["evaluator.js", "server.mjs"];
const builtPython = join(packages, "repl-python/dist");

/** Whether all files of a folder are there and newer than the sources. */
function isFresh(folder, files, patterns) {
  const times = files.map((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const sources = globSync(patterns, { cwd: packages });
  return sources.every((source) => statSync(join(packages, source)).mtimeMs < Math.min(...times));
}

/** Has a folder's files made beside it and put in their places, each in one step: another test run may read them. */
async function replace(target, files, make) {
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(target, "building-"));
  await make(folder);
  for (const file of files) renameSync(join(folder, file), join(target, file));
  rmSync(folder, { recursive: true });
}

async function buildJavaScript(folder) {
  const alias = { "@rlmflow/core": join(packages, "core/src/index.ts") };
  const esbuildOptions = (options) => Object.assign(options, { alias });
  for (const options of [evaluator, server])
    await build({ ...options, esbuildOptions, outDir: folder, config: false, silent: true });
}

/** Builds what is not fresh. */
export async function setup() {
  if (!isFresh(built, programs, ["repl/src/**/*.ts", "repl/tsup.config.ts", "core/src/*.ts"]))
    await replace(built, programs, buildJavaScript);
  if (!isFresh(builtPython, [PYTHON_PROGRAM], ["repl-python/python/*.py", "repl-python/tsup.config.ts"]))
    await replace(builtPython, [PYTHON_PROGRAM], writePythonProgram);
}

if (import.meta.main) await setup();
