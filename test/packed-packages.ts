import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { type CommandOptions, type Ended, runCommand } from "./run-node.ts";
import { repositoryRoot } from "./source-files.ts";

/** A build from nothing, where the machine does much else. */
export const BUILD_MS = 300_000;

/** Path of the packed file by the name of the package. */
export type PackedPackages = ReadonlyMap<string, string>;

const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const pnpm = process.platform === "win32" ? "pnpm.cmd" : "pnpm";
const lock = join(repositoryRoot, ".turbo", "packing");

/** Builds what is not fresh, then packs these packages into the folder as they would be published. */
export function packPackages(folder: string, names: readonly string[]): Promise<PackedPackages> {
  const filters = names.map((name) => `--filter=${name}`);
  return pack(folder, filters, [...filters, "-r", "pack"]);
}

/** The same for all packages, with the script that `npm run pack:all` ends with. */
export function packAll(folder: string): Promise<PackedPackages> {
  return pack(folder, ["--filter=./packages/*", "--filter=./apps/*"], ["run", "--silent", "pack:built"]);
}

async function pack(
  folder: string,
  filters: readonly string[],
  command: readonly string[],
): Promise<PackedPackages> {
  await withLock(async () => {
    const turbo = join(repositoryRoot, "node_modules/.bin/turbo");
    const variables = { TURBO_TELEMETRY_DISABLED: "1" };
    const options = { cwd: repositoryRoot, variables, timeoutMs: BUILD_MS };
    const build = ["run", "build", ...filters, "--output-logs=errors-only"];
    expectSuccess(await runCommand(turbo, build, options));
    expectSuccess(await runCommand(pnpm, [...command, "--pack-destination", folder], options));
  });
  const packed = new Map<string, string>();
  for (const file of await readdir(folder)) {
    const [isOurs, name] = /^rlmflow(?:-([a-z].*))?-\d+\.\d+\.\d+\.tgz$/.exec(file) ?? [];
    if (isOurs !== undefined)
      packed.set(name === undefined ? "rlmflow" : `@rlmflow/${name}`, join(folder, file));
  }
  return packed;
}

/** A build writes what another one packs, so test files take turns. */
async function withLock(work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(lock), { recursive: true });
  while (!(await takesLock())) await pause(100);
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** False while another process holds the lock. That of a process that is gone is removed. */
async function takesLock(): Promise<boolean> {
  const isTaken = await writeFile(lock, String(process.pid), { flag: "wx" }).then(
    () => false,
    () => true,
  );
  if (isTaken && !isAlive(Number(await readFile(lock, "utf8").catch(() => process.pid)))) {
    await rm(lock, { force: true });
  }
  return !isTaken;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Runs npm as somebody would who knows nothing of this repository. */
export function runNpm([verb = "", ...rest]: readonly string[], options: CommandOptions): Promise<Ended> {
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const words = verb === "install" ? [verb, ...quiet, ...rest] : [verb, ...rest];
  return runCommand(npm, words, { ...options, variables: { ...readersVariables(), ...options.variables } });
}

export function expectSuccess(ended: Ended): void {
  expect(ended.exitCode, `${ended.stdout}\n${ended.stderr}`).toBe(0);
}

/** Without what npm and pnpm tell the scripts they run: npm would take it as its configuration. */
function readersVariables(): Readonly<Record<string, undefined>> {
  const names = Object.keys(process.env).filter(
    (name) => /^npm_/i.test(name) && !/registry|proxy|cafile/i.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
