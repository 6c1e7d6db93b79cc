import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { javascript } from "@rlmflow/repl";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram as runRlmflow } from "../apps/cli/src/program.ts";
import { CapturedIo } from "../apps/cli/test/captured-io.ts";
import { programFolder, typeFaults, writePrograms } from "./check-programs.ts";
import { printsAsShown, programsOf } from "./document-programs.ts";
import { readDocuments } from "./documents.ts";
import { startLoopbackChat } from "./loopback-chat.ts";
import { loopbackReplies } from "./loopback-replies.ts";
import { fencesOf } from "./markdown-fences.ts";
import { type Ended, runNode } from "./run-node.ts";
import { commandFault, commandsOf, type KnownCommands, readManifests } from "./shell-commands.ts";
import { repositoryRoot } from "./source-files.ts";

/** Some seconds suffice; the rest is for a machine that does much else. */
const PATIENCE_MS = 90_000;

const documents = readDocuments();
const programs = documents.flatMap(programsOf);
const commands = documents.flatMap(commandsOf);
const sources = ["--import", join(repositoryRoot, "test/resolve-sources.ts")];
const rlmflow = [...sources, join(repositoryRoot, "apps/cli/src/rlmflow.ts")];

const temporaryFolder = join(programFolder, "temporary");

beforeAll(() => {
  writePrograms(programs);
  mkdirSync(temporaryFolder);
});

describe("the programs in the documents", () => {
  it("are there, in every document that shows code", () => {
    expect(programs.length).toBeGreaterThan(20);
    expect(programs.filter(({ runs }) => runs).length).toBeGreaterThan(10);
  });

  it("pass the type check", { timeout: PATIENCE_MS }, () => {
    expect(typeFaults(programs)).toEqual([]);
  });

  let chat: Awaited<ReturnType<typeof startLoopbackChat>>;
  beforeAll(async () => {
    chat = await startLoopbackChat(loopbackReplies);
  });
  afterAll(() => void chat.server.close());

  async function runProgram(file: string): Promise<Ended> {
    const variables = {
      OPENAI_API_KEY: "loopback",
      OPENAI_BASE_URL: chat.baseURL,
      // Every program loads the same sources: their types are stripped once.
      NODE_COMPILE_CACHE: join(programFolder, "compiled"),
      // What they leave for a reader to look at goes with them.
      TMPDIR: temporaryFolder,
      TEMP: temporaryFolder,
    };
    const options = { cwd: programFolder, variables, timeoutMs: PATIENCE_MS };
    return await runNode([...sources, join(programFolder, file)], options);
  }

  it.concurrent.each(programs.filter(({ runs }) => runs))(
    "$place runs and prints what is shown",
    { timeout: PATIENCE_MS },
    async ({ file, output }) => {
      const ended = await runProgram(file);
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      if (output !== null && !printsAsShown(output, ended.stdout)) expect(ended.stdout).toBe(output);
    },
  );
});

describe("the commands in the documents", () => {
  const known: KnownCommands = { manifests: readManifests(), rlmflowHelp: new Map() };

  beforeAll(async () => {
    const names = [
      "run",
      "resume",
      "runs",
      "continue",
      "watch",
      "say",
      "cancel",
      "limit",
      "pause",
      "unpause",
      "render",
      "fork",
      "branches",
      "diff",
      "export",
      "import",
      "doctor",
      "docker",
      "version",
      "help",
    ];
    const rlmflowHelp = new Map<string, string>();
    for (const name of names) {
      const io = new CapturedIo();
      await runRlmflow([name, "--help"], io);
      rlmflowHelp.set(name, io.stdout.text);
    }
    Object.assign(known, { rlmflowHelp });
  });

  it("name scripts, packages, options and files that exist", () => {
    expect(commands.length).toBeGreaterThan(10);
    const faults = commands.map((command) => [command.place, commandFault(command, known)]);
    expect(faults.filter(([, fault]) => fault !== null)).toEqual([]);
  });

  it.each(commands.filter(({ runs }) => runs))("$place runs", async ({ words }) => {
    expect(words[0]).toBe("rlmflow");
    const ended = await runNode([...rlmflow, ...words.slice(1)], { cwd: programFolder });
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
  });
});

describe("the blocks that documents show as a model's", () => {
  it("parse as the language would parse them", () => {
    const blocks = documents
      .flatMap(({ path, text }) => fencesOf(path, text))
      .filter(({ language }) => language === "repl");
    expect(blocks.length).toBeGreaterThan(1);
    expect(blocks.map(({ text }) => javascript.parses(text)).filter((fault) => fault !== null)).toEqual([]);
  });
});

describe("the links in the documents", () => {
  it("lead to files that exist", () => {
    const dead = documents.flatMap(({ path, text }) =>
      Array.from(text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g), ([, target = ""]) => target)
        .filter((target) => !existsSync(join(repositoryRoot, path, "..", target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(dead).toEqual([]);
  });
});
