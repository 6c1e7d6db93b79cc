import { globSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import type { ViteUserConfig } from "vitest/config";

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

const config: ViteUserConfig = {
  resolve: { alias: sourceAliases() },
  test: {
    projects: projects.map((project) => ({
      extends: true,
      test: { ...project, include: ["test/**/*.test.ts"] },
    })),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    passWithNoTests: true,
    reporters: ["default", "json"],
    outputFile: { json: join(root, "reports/tests.json") },
  },
};

export default config;
