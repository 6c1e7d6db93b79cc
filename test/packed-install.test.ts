import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programsOf } from "./document-programs.ts";
import { startLoopbackChat } from "./loopback-chat.ts";
import { loopbackReplies } from "./loopback-replies.ts";
import { BUILD_MS, expectSuccess, type PackedPackages, packAll, runNpm } from "./packed-packages.ts";
import { runCommand, runNode } from "./run-node.ts";
import { commandsOf } from "./shell-commands.ts";
import { repositoryRoot, type SourceFile } from "./source-files.ts";

const PATIENCE_MS = 180_000;

/** What core's own code may weigh; everyone who installs any package of ours fetches it. */
const CORE_BYTES = 330_000;
const ONLY_FOR_TESTS = new Set([
  "attackCases",
  "attackCorpus",
  "checkRun",
  "clientContract",
  "javascriptSamples",
  "pythonSamples",
  "runtimeContract",
  "scriptedClient",
  "storeContract",
]);

let folder = "";
let packed: PackedPackages = new Map();
let readme: SourceFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlmflow-packed-"));
  readme = { path: "README.md", text: await readFile(join(repositoryRoot, "README.md"), "utf8") };
  packed = await packAll(folder);
}, BUILD_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** An empty folder in which these packages were installed by one command: ours packed, the rest from the registry. */
async function installed(name: string, packages: readonly string[]): Promise<string> {
  const cwd = join(folder, name);
  await mkdir(cwd);
  const wanted = packages.map((specifier) => packed.get(specifier) ?? specifier);
  expectSuccess(await runNpm(["install", ...wanted], { cwd, timeoutMs: PATIENCE_MS }));
  return cwd;
}

/** All JavaScript that the packed package holds. */
async function packedCode(name: string): Promise<string> {
  const file = packed.get(name) ?? expect.fail(`${name} was not packed`);
  const { stdout: list } = await runCommand("tar", ["-tzf", file], { cwd: folder });
  const scripts = list.split("\n").filter((path) => /\.[cm]?js$/.test(path));
  expect(scripts, name).not.toEqual([]);
  const { stdout } = await runCommand("tar", ["-xzOf", file, ...scripts], { cwd: folder });
  return stdout;
}

/** The names that the code gives to functions, variables and classes of a module. */
function definitions(code = ""): readonly string[] {
  return Array.from(
    code.matchAll(/(?:^|[\n;}])(?:async )?(?:function|var|class) (\w+)/g),
    ([, name = ""]) => name,
  );
}

/** The install command of the README's first program, in words. */
function firstInstall(): readonly string[] {
  const command = commandsOf(readme).find(({ words }) => words[0] === "npm" && words[1] === "install");
  return command?.words.slice(2) ?? [];
}

function firstProgram(): string {
  return programsOf(readme).find(({ runs }) => runs)?.code ?? "";
}

describe("the packages as they are published", () => {
  it("are all packed, each with its README, the licence and nothing from the sources", async () => {
    const folders = await readdir(join(repositoryRoot, "packages"));
    expect([...packed.keys()].toSorted()).toEqual(
      [...folders.map((name) => `@rlmflow/${name}`), "@rlmflow/cli", "rlmflow"].toSorted(),
    );
    for (const [name, file] of packed) {
      const { stdout } = await runCommand("tar", ["-tzf", file], { cwd: folder });
      const files = stdout.trim().split("\n");
      expect(files, name).toEqual(
        expect.arrayContaining(["package/README.md", "package/LICENSE", "package/package.json"]),
      );
      expect(
        files.filter((path) => !/^package\/(dist\/|README\.md$|LICENSE$|package\.json$)/.test(path)),
      ).toEqual([]);
      const manifest = await runCommand("tar", ["-xzOf", file, "package/package.json"], { cwd: folder });
      expect(manifest.stdout, name).not.toMatch(/workspace:|catalog:/);
    }
  });

  it("leave what only tests need out of core, whose code is small", async () => {
    const [core, testing] = await Promise.all(["@rlmflow/core", "@rlmflow/testing"].map(packedCode));
    expect(definitions(testing)).toEqual(expect.arrayContaining([...ONLY_FOR_TESTS]));
    expect(definitions(core)).toEqual(expect.arrayContaining(["RLMFlow", "Graph", "deepFreeze"]));
    expect(definitions(core).filter((name) => ONLY_FOR_TESTS.has(name))).toEqual([]);
    expect(Buffer.byteLength(core ?? "")).toBeLessThan(CORE_BYTES);
  });

  it(
    "are what the README says that a clone makes",
    async () => {
      const { words } =
        commandsOf(readme).find(({ words }) => words.some((word) => word.endsWith(".tgz"))) ?? {};
      expect(words?.slice(2)).toEqual(["../rlmflow/packed/*.tgz", "openai"]);
      const manifest: unknown = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8"));
      expect(manifest).toMatchObject({
        scripts: {
          "ci:pack": expect.stringMatching(/ && pnpm run --silent pack:built --pack-destination packed$/),
        },
      });
      const cwd = await installed("all", [...packed.keys(), "openai"]);
      const version = await runNode(["node_modules/@rlmflow/cli/dist/rlmflow.js", "--version"], { cwd });
      expect(version).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^rlmflow \d/) });
    },
    PATIENCE_MS,
  );

  it("run the README's first program after its one install command", { timeout: PATIENCE_MS }, async () => {
    const packages = firstInstall();
    expect(packages).toContain("@rlmflow/core");
    const cwd = await installed("first", [...packages, "@rlmflow/repl"]);
    await writeFile(join(cwd, "first.mjs"), firstProgram());
    const { baseURL, server } = await startLoopbackChat(loopbackReplies);
    try {
      const variables = { OPENAI_API_KEY: "loopback", OPENAI_BASE_URL: baseURL };
      const ended = await runNode(["first.mjs"], { cwd, variables });
      expectSuccess(ended);
      expect(ended.stdout).toMatch(/^11 lines report an error; the first is: 17 ERROR disk full\nroot /);
      expect(ended.stderr).toBe("");
    } finally {
      server.close();
    }
  });

  it("work with no more than core, the local runtime and a scripted client", {
    timeout: PATIENCE_MS,
  }, async () => {
    const names = ["@rlmflow/core", "@rlmflow/runtime-local", "@rlmflow/repl", "@rlmflow/testing"];
    const cwd = await installed("local", names);
    await writeFile(join(cwd, "local.mjs"), LOCAL_PROGRAM);
    const ended = await runNode(["local.mjs"], { cwd });
    expect(ended).toEqual({ exitCode: 0, stdout: "3\n", stderr: "" });
  });

  it("say how to install an SDK that is missing", { timeout: PATIENCE_MS }, async () => {
    const names = ["@rlmflow/core", "@rlmflow/runtime-local", "@rlmflow/repl", "@rlmflow/clients"];
    const cwd = await installed("missing", names);
    await writeFile(join(cwd, "missing.mjs"), MISSING_PROGRAM);
    const ended = await runNode(["missing.mjs"], { cwd, variables: { OPENAI_API_KEY: "none" } });
    expect(ended.stdout).toContain("missing_dependency");
    expect(ended.stdout).toContain("The package openai is not installed. Run: npm install openai");
  });
});

const LOCAL_PROGRAM = `import { RLMFlow } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { localRuntime } from "@rlmflow/runtime-local";
const client = scriptedClient(["\`\`\`repl\\nawait done(CONTEXT.lines().length);\\n\`\`\`"]);
await using flow = new RLMFlow({ client, runtime: localRuntime() });
console.log((await flow.run("How many lines?", { context: "a\\nb\\nc" })).answer);
`;

const MISSING_PROGRAM = `import { openaiClient } from "@rlmflow/clients/openai";
import { RLMFlow } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
await using flow = new RLMFlow({ client: openaiClient({ model: "any" }), runtime: localRuntime() });
await flow.run("Say something.").then(console.log, (error) => console.log(error.code, error.message));
`;
