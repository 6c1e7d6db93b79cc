import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareWorkspace } from "../src/prepare-workspace.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "prepare-workspace-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Installs a package into a store the way pnpm lays it out. */
async function install(entry: string, name: string, files: readonly string[] = []): Promise<string> {
  const folder = join(directory, "store", entry, "node_modules", name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0" }));
  for (const file of files) await writeFile(join(folder, file), file);
  return folder;
}

describe("prepareWorkspace", () => {
  it("copies manifests and licence texts, and nothing else", async () => {
    await install("a@1.0.0", "a", ["LICENSE.md", "license-check.js", "README.md", "COPYING", "index.js"]);
    await install("@s+b@1.0.0", "@s/b", ["licence", "UNLICENSE.txt", "NOTICE"]);
    const workspace = join(directory, "workspace");
    expect(await prepareWorkspace(join(directory, "store"), workspace)).toEqual([
      "packages/@s+b@1.0.0",
      "packages/a@1.0.0",
    ]);
    const copied = await readdir(workspace, { recursive: true });
    expect(copied.filter((path) => path.split("/").length === 3).toSorted()).toEqual([
      "packages/@s+b@1.0.0/UNLICENSE.txt",
      "packages/@s+b@1.0.0/licence",
      "packages/@s+b@1.0.0/package.json",
      "packages/a@1.0.0/COPYING",
      "packages/a@1.0.0/LICENSE.md",
      "packages/a@1.0.0/package.json",
    ]);
  });

  it("takes each version once, and neither links nor our own packages", async () => {
    const folder = await install("a@1.0.0", "a");
    await install("a@1.0.0_peer@2.0.0", "a");
    await install("@rlmflow+core@1.0.0", "@rlmflow/core");
    const dependent = await install("c@1.0.0", "c");
    await symlink(folder, join(dependent, "..", "a"));
    await writeFile(join(directory, "store", "lock.yaml"), "");
    expect(await prepareWorkspace(join(directory, "store"), join(directory, "workspace"))).toEqual([
      "packages/a@1.0.0",
      "packages/c@1.0.0",
    ]);
  });
});
