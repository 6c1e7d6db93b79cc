import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Fence, fencesOf } from "./markdown-fences.ts";
import { repositoryRoot, type SourceFile } from "./source-files.ts";

/** One command of a `sh` fence, in words, without comment and variables. */
export interface ShellCommand {
  readonly place: string;
  readonly words: readonly string[];
  /** The fence is marked `sh run`: the command is cheap and changes nothing. */
  readonly runs: boolean;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** What the commands of documents may name. */
export interface KnownCommands {
  readonly manifests: readonly Manifest[];
  /** The help of each command of `rlmflow` by its name. */
  readonly rlmflowHelp: ReadonlyMap<string, string>;
}

/** The commands in the `sh` fences of a document. */
export function commandsOf(document: SourceFile): readonly ShellCommand[] {
  return fencesOf(document.path, document.text)
    .filter(({ language }) => language === "sh")
    .flatMap(fenceCommands);
}

function fenceCommands({ path, line, text, mark }: Fence): readonly ShellCommand[] {
  return text
    .replaceAll("\\\n", "  ")
    .split("\n")
    .flatMap((row, index) =>
      row
        .replace(/(^|\s)#.*$/, "")
        .split(/\s(?:&&|\|)\s/)
        .map((command) => (command.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).filter(isNoVariable))
        .filter((words) => words.length > 0)
        .map((words) => ({ place: `${path}:${line + index}`, words, runs: mark === "run" })),
    );
}

function isNoVariable(word: string, place: number): boolean {
  return !/^[A-Z_]+=/.test(word) && !(place === 0 && word === "export");
}

/** Every manifest of the workspace, the root's first. */
export function readManifests(): readonly Manifest[] {
  const paths = [
    "package.json",
    ...globSync("{packages,apps,examples}/*/package.json", { cwd: repositoryRoot }),
  ];
  return [...paths, "benchmarks/package.json"].map((path) =>
    JSON.parse(readFileSync(join(repositoryRoot, path), "utf8")),
  );
}

/** What is wrong with a command: a script, package, option or file that is not there. `null` when nothing is. */
export function commandFault({ words }: ShellCommand, known: KnownCommands): string | null {
  const [command = "", ...rest] = words;
  switch (command) {
    case "cd":
    case "mkdir":
    case "git":
    case "cat":
      return null;
    case "npm":
      return npmFault(rest, known);
    case "pnpm":
      return pnpmFault(rest, known);
    case "node":
      return nodeFault(rest);
    case "npx":
      return npxFault(rest, known);
    case "rlmflow":
      return rlmflowFault(rest, known);
    default:
      return `nothing is known of the command ${command}`;
  }
}

/** Our own command, or a tool that the root installs because a test runs it. */
function npxFault([tool = "", ...rest]: readonly string[], known: KnownCommands): string | null {
  if (tool === "rlmflow") return rlmflowFault(rest, known);
  return tool in (known.manifests[0]?.devDependencies ?? {}) ? null : `npx ${tool} is not ours`;
}

function npmFault([verb = "", ...rest]: readonly string[], { manifests }: KnownCommands): string | null {
  if (verb === "install") {
    // Packed files are what `pack:all` has made beside the reader's folder.
    const packages = rest.filter((word) => !word.startsWith("-") && !word.endsWith(".tgz"));
    const missing = packages.filter((name) => !isPackage(name.replace(/(?<=.)@.*$/, ""), manifests));
    return missing.length === 0 ? null : `no package of ours needs ${missing.join(", ")}`;
  }
  const script = verb === "run" ? (rest[0] ?? "") : verb;
  return script in (manifests[0]?.scripts ?? {}) ? null : `the root has no script ${script}`;
}

function isPackage(name: string, manifests: readonly Manifest[]): boolean {
  return manifests.some(
    (manifest) =>
      (manifest.name === name && manifest.private !== true) ||
      [manifest.dependencies, manifest.devDependencies, manifest.peerDependencies].some(
        (needs) => name in (needs ?? {}),
      ),
  );
}

function pnpmFault(words: readonly string[], { manifests }: KnownCommands): string | null {
  const [first = "", second = "", third = ""] = words;
  if (first === "install") return null;
  if (first === "exec") {
    return existsSync(join(repositoryRoot, "node_modules/.bin", second))
      ? null
      : `${second} is no tool of the root`;
  }
  if (first !== "--filter")
    return npmFault(first === "run" ? words : ["run", ...words], { manifests, rlmflowHelp: new Map() });
  const manifest = manifests.find(({ name }) => name === second);
  if (manifest === undefined) return `there is no package ${second}`;
  return third in (manifest.scripts ?? {}) ? null : `${second} has no script ${third}`;
}

/** A file of the repository, or a plain name: one that the reader has just saved. */
function nodeFault(words: readonly string[]): string | null {
  const file = words.find((word) => !word.startsWith("-")) ?? "";
  return !file.includes("/") || existsSync(join(repositoryRoot, file)) ? null : `there is no file ${file}`;
}

function rlmflowFault(
  [name = "", ...rest]: readonly string[],
  { rlmflowHelp }: KnownCommands,
): string | null {
  const help = rlmflowHelp.get(name);
  if (help === undefined) return `rlmflow has no command ${name}`;
  const options = rest
    .filter((word) => word.startsWith("-") && word !== "-")
    .map((word) => word.split("=")[0] ?? "");
  const unknown = options.filter((option) => !help.match(/(?<=\s)--?[\w-]+/g)?.includes(option));
  return unknown.length === 0 ? null : `rlmflow ${name} has no option ${unknown.join(", ")}`;
}
