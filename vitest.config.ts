import { globSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import type { ConfigEnv, ViteUserConfig } from "vitest/config";

const root = import.meta.dirname;

/** The table in tsconfig.paths.json as exact aliases: tests run the sources, never a build. */
function sourceAliases() {
  const { config } = ts.readConfigFile(join(root, "tsconfig.paths.json"), ts.sys.readFile);
  const paths: Record<string, [string]> = config.compilerOptions.paths;
  return Object.entries(paths).map(([entry, [file]]) => ({
    find: new RegExp(`^${entry}$`),
    replacement: join(root, file),
  }));
}

/** Every folder that holds tests; the root's own are about the repository as a whole. */
const projects = [
  { name: "repository", root },
  ...globSync(["packages/*", "apps/*", "examples/*", "benchmarks"], { cwd: root })
    .toSorted()
    .map((folder) => ({ name: basename(folder), root: join(root, folder) })),
];

/** `vitest run` runs `*.test.ts`; `vitest run --mode fuzz` runs the long random searches in `*.fuzz.ts`. */
function config({ mode }: ConfigEnv): ViteUserConfig {
  const fuzz = mode === "fuzz";
  // Only a hang takes this long, on however busy a machine.
  const timeout = fuzz ? 1_200_000 : 300_000;
  return {
    resolve: { alias: sourceAliases() },
    test: {
      projects: projects.map((project) => ({
        extends: true,
        test: { ...project, include: [fuzz ? "test/**/*.fuzz.ts" : "test/**/*.test.ts"] },
      })),
      globalSetup: join(root, "scripts/build-repl-programs.mjs"),
      testTimeout: timeout,
      hookTimeout: timeout,
      expect: { poll: { timeout: 60_000 } },
      // Many tests wait for processes, containers and time limits: three workers keep two cores busy.
      maxWorkers: 3,
      passWithNoTests: true,
      reporters: ["default", "json"],
      outputFile: { json: join(root, "reports/tests.json") },
    },
  };
}

export default config;
