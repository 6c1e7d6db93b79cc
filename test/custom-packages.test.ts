import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printsAsShown } from "./document-programs.ts";
import { type DocumentStep, stepsOf } from "./document-steps.ts";
import { BUILD_MS, expectSuccess, type PackedPackages, packPackages, runNpm } from "./packed-packages.ts";
import { type Ended, runNode } from "./run-node.ts";
import { repositoryRoot } from "./source-files.ts";

/** Less than a minute suffices; the rest is for a machine that does much else. */
const PATIENCE_MS = 600_000;

const OURS = ["@rlmflow/core", "@rlmflow/repl", "@rlmflow/testing"];
const PACKAGES = [
  { document: "docs/write-a-runtime.md", example: "examples/custom-runtime", leastChecks: 80 },
  { document: "docs/write-a-client.md", example: "examples/custom-client", leastChecks: 20 },
];

let folder = "";
let packed: PackedPackages = new Map();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlmflow-custom-"));
  packed = await packPackages(folder, OURS);
}, BUILD_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

function read(path: string): string {
  return readFileSync(join(repositoryRoot, path), "utf8");
}

describe.each(PACKAGES)("$document", ({ document, example, leastChecks }) => {
  const steps = stepsOf({ path: document, text: read(document) });
  const saved = steps.filter((step) => step.kind === "save");

  it("shows every file of its example, as it is", () => {
    const files = globSync("*", {
      cwd: join(repositoryRoot, example),
      exclude: ["README.md", "node_modules"],
    });
    expect(saved.map(({ path }) => path).toSorted()).toEqual(
      files.map((name) => `${example}/${name}`).toSorted(),
    );
    for (const { place, path, text } of saved) expect(text, `${place}: not what ${path} is`).toBe(read(path));
  });

  it("depends on what is published, and on nothing else of ours", () => {
    const { dependencies, devDependencies } = JSON.parse(read(`${example}/package.json`));
    const version = `^${JSON.parse(read("package.json")).version}`;
    const installed = { ...dependencies, ...devDependencies };
    const ours = Object.keys(installed).filter(
      (name) => name in dependencies || name.startsWith("@rlmflow/"),
    );
    expect(OURS).toEqual(expect.arrayContaining(ours));
    expect(ours.map((name) => installed[name])).toEqual(ours.map(() => version));
  });

  it("leads from an empty folder to a green contract", { timeout: PATIENCE_MS }, async () => {
    const reader = new Reader(await mkdtemp(join(folder, "reader-")));
    try {
      for (const step of steps) await reader.take(step);
    } finally {
      await reader.leave();
    }
    const [, passed = "0"] = /pass (\d+)/.exec(reader.printed.join("\n")) ?? [];
    expect(Number(passed)).toBeGreaterThanOrEqual(leastChecks);
  });
});

/** Somebody who does what a document says. Owns the programs that are left running. */
class Reader {
  readonly printed: string[] = [];
  readonly #staying: ChildProcess[] = [];
  #cwd: string;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  async take(step: DocumentStep): Promise<void> {
    if (step.kind === "save") return await writeFile(join(this.#cwd, basename(step.path)), step.text);
    if (step.kind === "run") return await this.#run(step.words, step.stays);
    const printed = this.printed.at(-1) ?? "";
    if (!printsAsShown(step.output, printed)) expect(printed, step.place).toBe(step.output);
  }

  async leave(): Promise<void> {
    for (const child of this.#staying) {
      const exited = once(child, "exit");
      if (child.kill()) await exited;
    }
  }

  async #run([command = "", ...args]: readonly string[], stays: boolean): Promise<void> {
    const options = { cwd: this.#cwd, timeoutMs: PATIENCE_MS };
    if (command === "mkdir") await mkdir(join(this.#cwd, args[0] ?? ""));
    else if (command === "cd") this.#cwd = join(this.#cwd, args[0] ?? "");
    else if (command === "node" && stays) await this.#start(args);
    else if (command === "node") this.#print(await runNode(args, options));
    else if (command === "npm") {
      // What is not published yet, or not in this version, is installed from what was packed.
      const words = args[0] === "install" ? [...args, ...this.#ours()] : args;
      this.#print(await runNpm(words, options));
    } else expect.fail(`nothing is known of the command ${command}`);
  }

  #print(ended: Ended): void {
    expectSuccess(ended);
    this.printed.push(ended.stdout);
  }

  #ours(): readonly string[] {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(this.#cwd, "package.json"), "utf8"),
    );
    return Object.keys({ ...dependencies, ...devDependencies }).flatMap((name) => packed.get(name) ?? []);
  }

  async #start(args: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, args, { cwd: this.#cwd, stdio: ["ignore", "pipe", "inherit"] });
    this.#staying.push(child);
    const [said] = await once(child.stdout, "data");
    this.printed.push(String(said));
  }
}
