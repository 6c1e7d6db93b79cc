import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILD_MS, expectSuccess, packPackages, runNpm } from "./packed-packages.ts";
import { type Ended, runNode } from "./run-node.ts";
import { repositoryRoot } from "./source-files.ts";

const PACKAGES = [
  "@rlmflow/core",
  "@rlmflow/repl",
  "@rlmflow/repl-python",
  "@rlmflow/runtime-isolated",
  "@rlmflow/runtime-local",
  "@rlmflow/runtime-subprocess",
  "@rlmflow/testing",
];
const PATIENCE_MS = 180_000;

/** A server that answers each request by a run, asks itself once, and ends. */
const SERVER = `
import { createServer } from "node:http";
import { RLMFlow } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";

const client = scriptedClient(() => "\`\`\`repl\\nawait done(CONTEXT.lines().length);\\n\`\`\`");
const flow = new RLMFlow({ client, runtime: isolatedRuntime() });
const server = createServer((request, response) => {
  flow.run("How many lines?", { context: "a\\nb\\nc" }).then(
    ({ answer }) => response.end(String(answer)),
    ({ code, message }) => response.end(code + ": " + message),
  );
});
server.listen(0, "127.0.0.1", () => {
  fetch("http://127.0.0.1:" + server.address().port)
    .then((response) => response.text())
    .then((text) => console.log(text))
    .finally(() => server.close(() => flow.close()));
});
`;

/** One run on every runtime that has files of its own and needs nothing but this machine. */
const RUNTIMES = `
import { RLMFlow } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { pythonLanguage } from "@rlmflow/repl-python";
import { localRuntime } from "@rlmflow/runtime-local";
import { subprocessRuntime } from "@rlmflow/runtime-subprocess";

async function ask(makeRuntime, code) {
  try {
    const client = scriptedClient(() => "\`\`\`repl\\n" + code + "\\n\`\`\`");
    await using flow = new RLMFlow({ client, runtime: makeRuntime() });
    return (await flow.run("How many lines?", { context: "a\\nb\\nc" })).answer;
  } catch ({ code, message }) {
    return code + ": " + message;
  }
}
async function main() {
  console.log(await ask(localRuntime, "await done(CONTEXT.lines().length)"));
  console.log(await ask(subprocessRuntime, "await done(CONTEXT.lines().length)"));
  console.log(await ask(() => subprocessRuntime({ language: pythonLanguage }), "await done(CONTEXT.line_count())"));
}
main();
`;

let folder = "";
let app = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlmflow-bundles-"));
  const packed = await packPackages(folder, PACKAGES);
  app = join(folder, "app");
  await mkdir(app);
  expectSuccess(await runNpm(["install", ...packed.values()], { cwd: app, timeoutMs: PATIENCE_MS }));
  await writeFile(join(app, "server.mjs"), SERVER);
  await writeFile(join(app, "runtimes.mjs"), RUNTIMES);
}, BUILD_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function bundled(entry: string, format: "esm" | "cjs", minify = false): Promise<string> {
  const outfile = join(app, `out/${entry}${minify ? ".min" : ""}.${format === "esm" ? "mjs" : "cjs"}`);
  const entryPoints = [join(app, `${entry}.mjs`)];
  await esbuild({ entryPoints, bundle: true, platform: "node", format, minify, outfile, logLevel: "silent" });
  return outfile;
}

async function viteBuilt(noExternal: boolean): Promise<string> {
  const outDir = join(app, `vite-${noExternal}`);
  await vite({
    root: app,
    configFile: false,
    logLevel: "silent",
    ssr: noExternal ? { noExternal } : {},
    build: { ssr: join(app, "server.mjs"), outDir },
  });
  return join(outDir, "server.mjs");
}

function run(file: string, cwd: string): Promise<Ended> {
  // pnpm leads programs that it starts to its own folder of packages.
  return runNode([file], { cwd, timeoutMs: PATIENCE_MS, variables: { NODE_PATH: undefined } });
}

describe("a server in a bundle answers with the default runtime", { timeout: PATIENCE_MS }, () => {
  it.each([
    ["esbuild, ES modules", () => bundled("server", "esm")],
    ["esbuild, CommonJS", () => bundled("server", "cjs")],
    ["esbuild, minified", () => bundled("server", "esm", true)],
    ["Vite", () => viteBuilt(false)],
    ["Vite, everything taken in", () => viteBuilt(true)],
  ])("%s", async (_bundler, build) => {
    const ended = await run(await build(), tmpdir());
    expect(ended).toEqual({ exitCode: 0, stdout: "3\n", stderr: "" });
  });
});

describe("the other runtimes in a bundle find their files", { timeout: PATIENCE_MS }, () => {
  it.each(["esm", "cjs"] as const)("%s", async (format) => {
    const ended = await run(await bundled("runtimes", format), tmpdir());
    expect(ended).toEqual({ exitCode: 0, stdout: "3\n3\n3\n", stderr: "" });
  });
});

describe("a bundle without its packages", { timeout: PATIENCE_MS }, () => {
  it.each(["esm", "cjs"] as const)("says what to install and to mark external: %s", async (format) => {
    const alone = await mkdtemp(join(tmpdir(), "rlmflow-alone-"));
    try {
      for (const entry of ["server", "runtimes"]) {
        const file = await bundled(entry, format);
        const copy = join(alone, file.slice(dirname(file).length + 1));
        await cp(file, copy);
        const { stdout } = await run(copy, alone);
        const lines = stdout.trim().split("\n");
        expect(lines).toHaveLength(entry === "server" ? 1 : 3);
        for (const line of lines) {
          expect(line).toMatch(/^(missing_dependency|runtime_failed): .* was not found/);
          expect(line).toMatch(/Run: npm install @rlmflow\/[a-z-]+ where the program runs/);
          expect(line).toContain("--external:@rlmflow/* --external:isolated-vm");
        }
      }
    } finally {
      await rm(alone, { recursive: true, force: true });
    }
  });
});

describe("the page on bundlers", () => {
  it("names only packages that exist", async () => {
    const page = await readFile(join(repositoryRoot, "docs/bundlers.md"), "utf8");
    const { resolve } = createRequire(join(app, "package.json"));
    for (const [name] of page.matchAll(/"(?:@rlmflow\/[a-z-]+|isolated-vm)"/g))
      expect(resolve(`${name.slice(1, -1)}${name.includes("@") ? "/package.json" : ""}`)).toContain(app);
  });
});
