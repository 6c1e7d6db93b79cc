// Builds what sandboxes run, packages/repl/dist/{evaluator.js,server.mjs}, where the sources are newer: tests of
// whatever has a sandbox need them, though they run all else from the sources. vitest calls `setup` first.
import { globSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsup";
import { evaluator, server } from "../packages/repl/tsup.config.ts";

const packages = join(import.meta.dirname, "../packages");
const built = join(packages, "repl/dist");
const programs = ["evaluator.js", "server.mjs"];

function isFresh() {
  const times = programs.map(
    (program) => statSync(join(built, program), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  const sources = globSync(["repl/src/**/*.ts", "repl/tsup.config.ts", "core/src/*.ts"], { cwd: packages });
  return sources.every((source) => statSync(join(packages, source)).mtimeMs < Math.min(...times));
}

/** Puts the programs in their places, each in one step: another test run may be reading them. */
export async function setup() {
  if (isFresh()) return;
  mkdirSync(built, { recursive: true });
  const folder = mkdtempSync(join(built, "building-"));
  const alias = { "@rlmflow/core": join(packages, "core/src/index.ts") };
  const esbuildOptions = (options) => Object.assign(options, { alias });
  for (const options of [evaluator, server])
    await build({ ...options, esbuildOptions, outDir: folder, config: false, silent: true });
  for (const program of programs) renameSync(join(folder, program), join(built, program));
  rmSync(folder, { recursive: true });
}

if (import.meta.main) await setup();
