import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadModal } from "../src/load-modal.ts";

const PATIENCE = { timeout: 300_000 };

/** What `open` says where `node_modules` holds these files beside the runtime. */
async function openWith(modules: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "runtime-modal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(import.meta.dirname, "../src"), join(folder, "src"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(import.meta.dirname, "../node_modules/valibot"), join(folder, "node_modules/valibot"));
  for (const [path, content] of Object.entries(modules)) {
    mkdirSync(join(folder, "node_modules", path, ".."), { recursive: true });
    writeFileSync(join(folder, "node_modules", path), content);
  }
  writeFileSync(join(folder, "open.ts"), PROGRAM);
  const sources = join(import.meta.dirname, "../../../test/resolve-sources.ts");
  const child = spawn(process.execPath, ["--import", sources, "open.ts"], { cwd: folder });
  const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return said + errors;
}

const PROGRAM = `import { modalRuntime } from "./src/modal-runtime.ts";
const spec = { agentId: "root", group: "g", depth: 0, maxDepth: 1, seed: "", contexts: [], globals: {}, functions: [], alone: false };
await modalRuntime().open(spec).catch((error) => console.log(error.code, error.cause.code, error.message));
`;

const SAYS = 'runtime_failed missing_dependency The runtime "modal" could not start a sandbox: ';
const RUN = "Run: npm install modal@~0.11.1\n";

describe("Modal's SDK", PATIENCE, () => {
  test("is loaded where it is installed", async () => {
    expect(typeof (await loadModal()).ModalClient).toBe("function");
  });

  test("is asked for where it is not", async () => {
    expect(await openWith({})).toBe(`${SAYS}The package modal, Modal's SDK, is not installed. ${RUN}`);
  });

  test.each([
    ["loads", "module.exports = function Modal() {};"],
    ["does not load", "require('jade/lib/runtime.js');"],
  ])("is told from the other project of that name, which %s", async (_, code) => {
    const said = await openWith({
      "modal/package.json": JSON.stringify({ name: "modal", version: "1.2.0", main: "modal.js" }),
      "modal/modal.js": code,
    });
    expect(said).toBe(
      `${SAYS}The package modal 1.2.0 is another project than Modal's SDK, which is modal 0.11. ${RUN}`,
    );
  });

  test("is said to be broken where it is", async () => {
    const said = await openWith({
      "modal/package.json": JSON.stringify({ name: "modal", version: "0.11.1", main: "modal.js" }),
      "modal/modal.js": "throw new Error('no protobuf');",
    });
    expect(said).toBe(`${SAYS}The package modal cannot be used as Modal's SDK: Error: no protobuf. ${RUN}`);
  });
});
