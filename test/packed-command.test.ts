import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENT_SDKS, type Need, OPTIONAL_PACKAGES } from "../apps/cli/src/packages/optional-packages.ts";
import { startLoopbackChat } from "./loopback-chat.ts";
import { loopbackReplies } from "./loopback-replies.ts";
import { BUILD_MS, expectSuccess, type PackedPackages, packAll, runNpm } from "./packed-packages.ts";
import { type Ended, runNode } from "./run-node.ts";
import { repositoryRoot } from "./source-files.ts";

const PATIENCE_MS = 180_000;
/** A little above what the command was when this was written: 10 packages, 3.68 MB. */
const MOST_PACKAGES = 12;
const MOST_BYTES = 4_000_000;

let folder = "";
let packed: PackedPackages = new Map();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlmflow-command-"));
  packed = await packAll(folder);
}, BUILD_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder in which one of our packages was installed: what it depends on of ours as packed, the rest from the registry. */
async function installed(name: string): Promise<string> {
  const cwd = join(folder, `with-${name.replace("/", "-")}`);
  await mkdir(cwd);
  const overrides = Object.fromEntries(
    [...packed].filter(([other]) => other !== name).map(([other, file]) => [other, `file:${file}`]),
  );
  await writeFile(join(cwd, "package.json"), JSON.stringify({ name: "reader", private: true, overrides }));
  const file = packed.get(name) ?? expect.fail(`${name} was not packed`);
  expectSuccess(await runNpm(["install", file], { cwd, timeoutMs: PATIENCE_MS }));
  return cwd;
}

/** The packages below a folder's `node_modules` by their paths. */
async function packagesIn(cwd: string): Promise<readonly string[]> {
  const lock = JSON.parse(await readFile(join(cwd, "node_modules/.package-lock.json"), "utf8"));
  return Object.keys(lock.packages).map((path) => path.replace("node_modules/", ""));
}

async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

describe("the command, installed alone", { timeout: PATIENCE_MS }, () => {
  let cwd = "";

  beforeAll(async () => {
    cwd = await installed("@rlmflow/cli");
    const golden = join(repositoryRoot, "packages/workspace/test/golden/format-2/rlmflow");
    await cp(golden, join(cwd, "javascript/.rlmflow"), { recursive: true });
    await writeFile(join(cwd, "code.js"), "await done(1);");
    const file = ["export", "javascript", "--file", "run.json"];
    expectSuccess(await rlmflow(...file));
    const trace = await readFile(join(cwd, "run.json"), "utf8");
    await writeFile(
      join(cwd, "run.json"),
      trace.replaceAll('"language":{"name":"javascript"', '"language":{"name":"python"'),
    );
    expectSuccess(await rlmflow("import", "run.json", "--dir", "python"));
  }, PATIENCE_MS);

  function rlmflow(...args: readonly string[]): Promise<Ended> {
    return runNode(["node_modules/@rlmflow/cli/dist/rlmflow.js", ...args], { cwd });
  }

  async function stub(name: string, version: string, code: string): Promise<AsyncDisposable> {
    const path = join(cwd, "node_modules", name);
    await mkdir(path);
    const manifest = { name, version, type: "module", exports: { ".": "./a.js" } };
    await writeFile(join(path, "package.json"), JSON.stringify(manifest));
    await writeFile(join(path, "a.js"), code);
    return { [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
  }

  it("fetches no runtime, and little else", async () => {
    const packages = await packagesIn(cwd);
    const ours = packages.filter((name) => name.startsWith("@rlmflow/"));
    expect(ours).toEqual([
      "@rlmflow/cli",
      "@rlmflow/clients",
      "@rlmflow/core",
      "@rlmflow/render",
      "@rlmflow/workspace",
    ]);
    expect(packages.length, packages.join(" ")).toBeLessThanOrEqual(MOST_PACKAGES);
    expect(await bytesIn(join(cwd, "node_modules"))).toBeLessThanOrEqual(MOST_BYTES);
  });

  const RUN = ["run", "What?", "--model", "m", "--base-url", "http://127.0.0.1:9"];
  const FORK = ["--at", "root#8", "--code", "code.js"];
  /** What is typed, and what else that needs. The options that are left out here are those of the test below. */
  const typed: Readonly<Partial<Record<Need, readonly [args: readonly string[], also?: "openai"]>>> = {
    "--runtime isolated": [RUN, "openai"],
    "--runtime local": [[...RUN, "--runtime", "local"], "openai"],
    "--runtime subprocess": [[...RUN, "--runtime", "subprocess"], "openai"],
    "--runtime docker": [[...RUN, "--runtime", "docker"], "openai"],
    "--runtime modal": [[...RUN, "--runtime", "modal"], "openai"],
    "docker build": [["docker", "build"]],
    "checking JavaScript": [["fork", "javascript", ...FORK]],
    "checking Python": [["fork", "python", ...FORK]],
  };
  const rows = Object.entries(OPTIONAL_PACKAGES).flatMap(([need, { name }]) => {
    const [args, also] = typed[need as Need] ?? [];
    return args === undefined ? [] : [{ need, name, args, also }];
  });

  it.each(rows)("says what to install for $need", async ({ need, name, args, also }) => {
    const install = also === undefined ? `it: npm install ${name}` : `them: npm install ${name} ${also}`;
    const sdk = also === undefined ? "" : `; --provider openai needs ${also}`;
    expect(await rlmflow(...args)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `rlmflow: ${need} needs ${name}${sdk}. Install ${install}\n`,
    });
    expect(await readdir(cwd)).not.toContain(".rlmflow");
  });

  it("has a row for every need but those of the next test", () => {
    const others = Object.keys(OPTIONAL_PACKAGES).filter((need) => !(need in typed));
    expect(others).toEqual(["--language python", "--files"]);
  });

  it("says it of everything that is missing at once", async () => {
    const options = ["--runtime", "docker", "--language", "python", "--files", "read"];
    const { exitCode, stderr } = await rlmflow(
      ...RUN,
      ...options,
      "--model",
      "claude-x",
      "--api-key-env",
      "PATH",
    );
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      "rlmflow: --runtime docker needs @rlmflow/runtime-docker; --language python needs @rlmflow/repl-python; " +
        "--files needs @rlmflow/tools; --provider anthropic needs @anthropic-ai/sdk. Install them: " +
        "npm install @rlmflow/runtime-docker @rlmflow/repl-python @rlmflow/tools @anthropic-ai/sdk\n",
    );
  });

  it("tells a package that does not go with it from one that is missing", async () => {
    await using _ = await stub("@rlmflow/runtime-docker", "7.2.0", "export const buildDockerImage = 1;");
    const { exitCode, stderr } = await rlmflow("docker", "build");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^rlmflow: docker build needs @rlmflow\/runtime-docker 0\.1, but \S+runtime-docker has 7\.2\.0\. Install it: npm install @rlmflow\/runtime-docker@0\.1\n$/,
    );
  });

  it.each([
    ["an addon that can't be loaded", 'process.dlopen({ exports: {} }, "/no/such.node");', "such.node"],
    [
      "a package of its own that is missing",
      'import "no-such-package";',
      "Cannot find package 'no-such-package'",
    ],
  ])("tells a package that fails to load from one that is missing: %s", async (_why, code, reason) => {
    await using _ = await stub("@rlmflow/runtime-docker", "0.1.3", code);
    const { exitCode, stderr } = await rlmflow("docker", "build");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^rlmflow: .* which is installed in \S+runtime-docker but fails to load: .*\n$/);
    expect(stderr).toContain(reason);
    expect(stderr).toMatch(/\. Install again: npm install @rlmflow\/runtime-docker@0\.1\n$/);
  });

  it("never loads what the working directory has", async () => {
    const elsewhere = join(folder, "elsewhere");
    const path = join(elsewhere, "node_modules/@rlmflow/runtime-docker");
    await mkdir(path, { recursive: true });
    const manifest = { name: "@rlmflow/runtime-docker", version: "0.1.0", type: "module", exports: "./a.js" };
    await writeFile(join(path, "package.json"), JSON.stringify(manifest));
    await writeFile(join(path, "a.js"), 'console.log("loaded");');
    const command = join(cwd, "node_modules/@rlmflow/cli/dist/rlmflow.js");
    const { stdout, stderr } = await runNode([command, "docker", "build"], { cwd: elsewhere });
    expect(stdout).toBe("");
    expect(stderr).toContain(`Install it: npm install --prefix ${cwd} @rlmflow/runtime-docker\n`);
  });

  it.each([
    ["runs", "javascript"],
    ["render", "javascript"],
    ["render", "javascript", "--format", "md"],
    ["branches", "javascript"],
    ["doctor", "javascript"],
    ["watch", "javascript"],
    ["resume", "javascript"],
    ["fork", "javascript", "--at", "root#8", "--name", "other"],
    ["diff", "main", "other", "--dir", "javascript"],
    ["version"],
    ["run", "--help"],
  ])("needs nothing else for %j", async (...args) => {
    const ended = await rlmflow(...args);
    expectSuccess(ended);
    expect(ended.stdout).not.toBe("");
  });
});

describe("the package rlmflow", { timeout: PATIENCE_MS }, () => {
  it("brings everything that the command can use, and runs a query", async () => {
    const cwd = await installed("rlmflow");
    const command = pathToFileURL(join(cwd, "node_modules/@rlmflow/cli/dist/rlmflow.js"));
    const names = [
      ...Object.values(OPTIONAL_PACKAGES).map(({ name }) => name),
      ...Object.values(CLIENT_SDKS),
    ];
    for (const name of [...names, "modal"])
      expect(findPackageJSON(name, command), name).toContain(join(cwd, "node_modules"));
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `${i} ${i % 9973 === 17 ? "ERROR disk full" : "ok"}`,
    );
    await writeFile(join(cwd, "access.log"), lines.join("\n"));
    const { baseURL, server } = await startLoopbackChat(loopbackReplies);
    try {
      const query = "How many lines report an error, and which is the first?";
      const args = [query, "--model", "m", "--base-url", baseURL, "--context", "access.log"];
      const ended = await runNpm(["exec", "--no", "--", "rlmflow", "run", ...args], {
        cwd,
        timeoutMs: PATIENCE_MS,
      });
      expectSuccess(ended);
      expect(ended.stdout).toBe("3 lines report an error; the first is: 17 ERROR disk full\n");
    } finally {
      server.close();
    }
  });
});
