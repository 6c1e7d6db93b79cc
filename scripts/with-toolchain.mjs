// Runs a command with the Node and pnpm this repository needs, whatever Node started it (20 or later).
//
// Where the Node or pnpm on PATH is not good enough, the platform packages of both are installed once into
// the ignored folder `.toolchain/` and put first on PATH. Platform packages hold the plain binaries, so that
// no install script has to run. Needs glibc, macOS or Windows; elsewhere install Node and pnpm by hand.
//
//   node scripts/with-toolchain.mjs pnpm run build

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR = "24";
const PNPM_MAJOR = "12";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchain = join(root, ".toolchain");
const modules = join(toolchain, "node_modules");

function nodeIsGoodEnough() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major >= 26 || (major === 24 && minor >= 11);
}

function pnpmIsGoodEnough() {
  const { stdout } = spawnSync("pnpm --version", { shell: true, encoding: "utf8", cwd: root });
  return (stdout ?? "").startsWith(`${PNPM_MAJOR}.`);
}

function nodePackage() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  return { name: `${prefix}-${platform}-${process.arch}`, range: NODE_MAJOR, bin: "bin" };
}

function pnpmPackage() {
  return { name: `@pnpm/exe.${process.platform}-${process.arch}`, range: PNPM_MAJOR, bin: "." };
}

function missingTools() {
  const nodeOk = nodeIsGoodEnough();
  if (nodeOk && pnpmIsGoodEnough()) return [];
  return nodeOk ? [pnpmPackage()] : [nodePackage(), pnpmPackage()];
}

function install(tools) {
  if (tools.every(({ name }) => existsSync(join(modules, name, "package.json")))) return;
  const wanted = tools.map(({ name, range }) => `${name}@${range}`);
  console.error(`[toolchain] fetching ${wanted.join(" ")}`);
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(join(toolchain, "package.json"), '{ "private": true }\n');
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  const { status } = spawnSync("npm", ["install", "--ignore-scripts", ...quiet, ...wanted], {
    cwd: toolchain,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** The environment without what npm adds for its own scripts: pnpm would take it as its configuration. */
function environment(tools) {
  const added = /^npm_(config|package|lifecycle|node|execpath|command)/i;
  const kept = /registry|proxy|cafile|_ca$/i;
  const entries = Object.entries(process.env).filter(([key]) => !added.test(key) || kept.test(key));
  const path = [...tools.map(({ name, bin }) => join(modules, name, bin)), process.env.PATH];
  return { ...Object.fromEntries(entries), PATH: path.join(delimiter), TURBO_TELEMETRY_DISABLED: "1" };
}

const tools = missingTools();
install(tools);
const command = process.argv.slice(2).join(" ");
const run = spawnSync(command, { shell: true, stdio: "inherit", env: environment(tools), cwd: root });
process.exit(run.status ?? 1);
