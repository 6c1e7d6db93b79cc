import { existsSync, globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { CLIENT_SDKS, OPTIONAL_PACKAGES } from "../apps/cli/src/packages/optional-packages.ts";
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
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
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

const optionalPackages = new Set(Object.values(OPTIONAL_PACKAGES).map(({ name }) => name));
const rootManifest = readManifest("package.json");
const folders = globSync(["packages/*/package.json", "apps/*/package.json"], { cwd: repositoryRoot })
  .map((path) => path.replaceAll("\\", "/").replace("/package.json", ""))
  .toSorted();

describe.each(folders)("the package in %s", (folder) => {
  const manifest = readManifest(`${folder}/package.json`);

  it("is one of ours, in step with the others", () => {
    const { name, version, type, license, sideEffects, files, engines } = manifest;
    expect(name).toMatch(/^(@rlmflow\/[a-z-]+|rlmflow)$/);
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

describe("the command", () => {
  const manifest = readManifest("apps/cli/package.json");

  it("depends on no more of ours than core, render, workspace and clients; the rest is optional", () => {
    const ours = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith("@rlmflow/"));
    expect(ours).toEqual(["@rlmflow/clients", "@rlmflow/core", "@rlmflow/render", "@rlmflow/workspace"]);
    expect(Object.keys(manifest.peerDependencies ?? {}).toSorted()).toEqual(
      [...optionalPackages, ...Object.values(CLIENT_SDKS)].toSorted(),
    );
    for (const name of Object.keys(manifest.peerDependencies ?? {}))
      expect(manifest.peerDependenciesMeta?.[name], name).toEqual({ optional: true });
  });

  it("says in its README which option needs which package", () => {
    const readme = readFileSync(join(repositoryRoot, "apps/cli/README.md"), "utf8");
    const rows = readme.split("\n").filter((line) => line.startsWith("|"));
    for (const [need, { name }] of Object.entries(OPTIONAL_PACKAGES)) {
      const what = need.startsWith("checking") ? "`code`" : `\`${need}`;
      expect(
        rows.filter((row) => row.includes(what) && row.includes(`\`${name}\``)),
        need,
      ).toHaveLength(1);
    }
  });

  it("comes with every package of ours and every SDK in the package rlmflow", () => {
    const published = folders.map((folder) => readManifest(`${folder}/package.json`));
    const wanted = published.flatMap(({ name, peerDependencies }) => [
      name,
      ...Object.keys(peerDependencies ?? {}),
    ]);
    // What the others bring along, the package itself, and what only tests need.
    const left = ["rlmflow", "@rlmflow/core", "@rlmflow/workspace", "@rlmflow/testing"];
    expect(Object.keys(readManifest("apps/rlmflow/package.json").dependencies ?? {}).toSorted()).toEqual(
      [...new Set(wanted).difference(new Set(left))].toSorted(),
    );
  });
});

describe("tsconfig.paths.json", () => {
  it("names files that exist", () => {
    const files = Object.values(readPaths()).flat();
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });
});
