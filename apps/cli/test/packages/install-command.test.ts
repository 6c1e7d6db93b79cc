import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { installCommand } from "../../src/packages/install-command.ts";
import { isSameLine, versionLine } from "../../src/packages/installed-package.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "rlmflow-install-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder that has this command in its `node_modules`, and a manifest unless it is that of the global packages. */
function owner(name: string, hasManifest = true): { readonly path: string; readonly command: string } {
  const path = join(folder, name);
  mkdirSync(join(path, "node_modules/@rlmflow/cli/dist"), { recursive: true });
  if (hasManifest) writeFileSync(join(path, "package.json"), "{}");
  return { path, command: join(path, "node_modules/@rlmflow/cli/dist/rlmflow.js") };
}

describe("the command that installs a missing package", () => {
  const project = owner("project");
  const source = join(project.path, "src/deep");
  mkdirSync(source, { recursive: true });
  const elsewhere = owner("elsewhere").path;
  const lib = owner("lib", false);
  const npx = owner("cache/_npx/0123");

  it.each([
    ["in the project", project.command, project.path, "npm install a b"],
    ["in a folder of the project", project.command, source, "npm install a b"],
    ["in another project", project.command, elsewhere, `npm install --prefix ${project.path} a b`],
    ["with a global command", lib.command, elsewhere, "npm install --global a b"],
    ["with the command of npx", npx.command, elsewhere, "npm install @rlmflow/cli a b"],
    ["with a command that is not installed", "/src/rlmflow.ts", elsewhere, "npm install a b"],
  ])("installs beside the command: %s", (_place, command, workingDirectory, expected) => {
    expect(installCommand(["a", "b"], { command, workingDirectory })).toBe(expected);
  });

  it("finds pnpm's packages in their project", () => {
    const command = join(project.path, "node_modules/.pnpm/x/node_modules/@rlmflow/cli/dist/rlmflow.js");
    expect(installCommand(["a"], { command, workingDirectory: source })).toBe("npm install a");
  });
});

describe("versions", () => {
  it.each([
    ["0.1.0", "0.1.7", true],
    ["0.1.0", "0.2.0", false],
    ["1.2.0", "1.0.3", true],
    ["1.2.0", "2.0.0", false],
    ["0.1.0", "1.1.0", false],
    ["1.0.0-next.1", "1.0.0", true],
  ])("%s and %s go together: %s", (one, other, expected) => {
    expect(isSameLine(one, other)).toBe(expected);
  });

  it("are named as npm takes them, without a character that a shell would change", () => {
    expect(["0.1.0", "2.3.1", "1.0.0-next.1"].map(versionLine)).toEqual(["0.1", "2", "1"]);
  });
});
