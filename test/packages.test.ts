import { existsSync, globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { importsOf, readSources, repositoryRoot } from "./source-files.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type?: string;
  readonly license?: string;
  readonly sideEffects?: boolean;
  readonly files?: readonly string[];
  readonly engines?: { readonly node?: string };
  readonly exports?: Readonly<Record<string, string | { readonly types: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(repositoryRoot, path), "utf8"));
}

function readPaths(): Readonly<Record<string, readonly string[]>> {
  const { config } = ts.readConfigFile(join(repositoryRoot, "tsconfig.paths.json"), ts.sys.readFile);
  return config.compilerOptions.paths;
}

/** The name of the package that a specifier names: `@scope/name/entry` is in `@scope/name`. */
function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

const rootManifest = readManifest("package.json");
const folders = globSync(["packages/*/package.json", "apps/*/package.json"], { cwd: repositoryRoot })
  .map((path) => path.replaceAll("\\", "/").replace("/package.json", ""))
  .toSorted();

describe.each(folders)("the package in %s", (folder) => {
  const manifest = readManifest(`${folder}/package.json`);

  it("is one of ours, in step with the others", () => {
    const { name, version, type, license, sideEffects, files, engines } = manifest;
    expect(name).toMatch(/^@rlmflow\/[a-z-]+$/);
    expect({ version, type, license, sideEffects, files, engines }).toEqual({
      version: rootManifest.version,
      type: "module",
      license: "MIT",
      sideEffects: false,
      files: ["dist"],
      engines: rootManifest.engines,
    });
  });

  it("declares what its sources import", () => {
    const imported = readSources()
      .filter(({ path }) => path.startsWith(`${folder}/`))
      .flatMap(importsOf)
      .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
      .map(packageName);
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(new Set(imported).difference(new Set(declared))).toEqual(new Set());
  });

  it("has a line in tsconfig.paths.json for each entry with types", () => {
    const entries = Object.entries(manifest.exports ?? {}).filter(([, target]) => typeof target !== "string");
    const paths = Object.keys(readPaths());
    expect(paths).toEqual(expect.arrayContaining(entries.map(([entry]) => manifest.name + entry.slice(1))));
  });
});

describe("tsconfig.paths.json", () => {
  it("names files that exist", () => {
    const files = Object.values(readPaths()).flat();
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });
});
