import { isBuiltin } from "node:module";
import { impurities } from "./purity-rules.ts";
import { importedLater, importsOf, relativeTarget, type SourceFile } from "./source-files.ts";

/** What each package may import of ours. Arrows point one way: apps, runtimes, repl, core; nothing imports testing. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "packages/core": [],
  "packages/testing": ["core"],
  "packages/repl": ["core"],
  "packages/repl-python": ["core", "repl"],
  "packages/clients": ["core"],
  "packages/runtime-isolated": ["core", "repl"],
  "packages/runtime-local": ["core", "repl"],
  "packages/runtime-subprocess": ["core", "repl"],
  "packages/runtime-docker": ["core", "repl"],
  "packages/runtime-modal": ["core", "repl"],
  "packages/tools": ["core"],
  "packages/render": ["core"],
  "packages/workspace": ["core"],
  "apps/cli": ["core", "render", "workspace", "clients"],
  "apps/rlmflow": ["cli"],
  "apps/viewer": ["core", "render", "workspace"],
};

/** The one file of the command that may name every package, but only in `import()`: they need not be installed. */
const MAY_LOAD_ALL = "apps/cli/src/packages/optional-packages.ts";

/** The layers of core, each of which may import those left of it. `processes/` needs Node, so nothing may import it. */
const CORE_LAYERS: readonly string[] = ["data", "protocols", "schema", "rules", "engine", "processes"];
const CORE = "packages/core/src/";
const CORE_ENTRIES: readonly string[] = ["index.ts", "store.ts", "driver.ts"];

/** A folder whose parts lie above each other. */
interface Tower {
  /** Ends in a slash. */
  readonly root: string;
  /** From the top down; a part imports only what lies on later floors. Files that no floor names lie above them all. */
  readonly floors: readonly (readonly string[])[];
}

/** Where the order of folders is meant, and not only what their imports happen to be. */
const TOWERS: readonly Tower[] = [
  {
    // What users hold is made of runs, these of agents, these of REPLs, and all of what is kept, shared and declared.
    root: "packages/core/src/engine/",
    floors: [["flow"], ["run"], ["agent"], ["repl"], ["store", "resources"], ["tool", "environment"]],
  },
  {
    // Resuming takes up the cancels that were under way, and both tell the scheduler, which knows of neither.
    root: "packages/core/src/engine/run/",
    floors: [["resume"], ["edit"], ["schedule"]],
  },
  {
    // A block makes calls, calls carry values, values may be contexts, and all of them use only intrinsics that realm kept.
    root: "packages/repl/src/evaluator/",
    floors: [["block"], ["calls"], ["values"], ["context"], ["realm"]],
  },
  {
    // Examining reads inboxes and branches; a branch has a log, payloads and files; the layout says where, on the disk.
    root: "packages/workspace/src/",
    floors: [["examine"], ["inbox"], ["branch"], ["files"], ["payloads", "log"], ["layout"], ["disk"]],
  },
  {
    // Commands stand on live runs, these on running and drawing, these on views, packages and options, and all on the terminal.
    root: "apps/cli/src/",
    floors: [
      ["commands"],
      ["live"],
      ["run", "render", "branches"],
      ["progress", "packages", "tree"],
      ["options", "command-io.ts"],
      ["files", "terminal", "exit-code.ts", "own-version.ts"],
    ],
  },
];

/** One file and the modules it names. */
interface Module {
  readonly file: SourceFile;
  readonly imports: readonly string[];
}

/** Everything in which `files` break the direction of imports, one sentence each; empty when they keep it. */
export function importViolations(files: readonly SourceFile[]): readonly string[] {
  const modules = files.map((file) => ({ file, imports: importsOf(file) }));
  const known = new Set(files.map(({ path }) => path));
  return [
    ...modules.flatMap(packageViolations),
    ...modules.flatMap((module) => targetViolations(module, known)),
    ...modules.flatMap(layerViolations),
    ...modules.flatMap((module) => TOWERS.flatMap((tower) => towerViolations(tower, module))),
    // A circle of files at the top of a package is one of its units too.
    ...new Set([targetTable(modules), folderTable(modules)].flatMap(cycleViolations)),
    ...entryViolations(modules),
    ...files.filter(({ path }) => isPure(path)).flatMap(impurities),
  ];
}

function packageOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function packageViolations({ file, imports }: Module): readonly string[] {
  const { path } = file;
  const from = packageOf(path);
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) return [`${path}: ${from} is missing in the table of what may import what`];
  const later = path === MAY_LOAD_ALL ? importedLater(file) : [];
  return imports
    .filter((specifier) => specifier.startsWith("@rlmflow/") && !later.includes(specifier))
    .filter((specifier) => !allowed.includes(specifier.split("/")[1] ?? ""))
    .map((specifier) => `${path}: ${from} may not import ${specifier}`);
}

function targetViolations(
  { file: { path }, imports }: Module,
  known: ReadonlySet<string>,
): readonly string[] {
  return imports.flatMap((specifier) => {
    const target = relativeTarget(path, specifier);
    if (target === undefined || known.has(target)) return [];
    if (!target.startsWith(`${packageOf(path)}/src/`))
      return [`${path}: ${specifier} leaves the package's src`];
    return /\.tsx?$/.test(target)
      ? [`${path}: ${specifier} does not exist`]
      : [`${path}: ${specifier} must end in .ts`];
  });
}

/** The layer of a file of core; `errors.ts` and `invariant.ts` lie below all layers, the entries above them. */
function coreRank(path: string): number | undefined {
  const inside = path.slice(CORE.length);
  if (inside === "errors.ts" || inside === "invariant.ts") return -1;
  if (CORE_ENTRIES.includes(inside)) return CORE_LAYERS.length;
  const layer = CORE_LAYERS.indexOf(inside.split("/")[0] ?? "");
  return layer === -1 ? undefined : layer;
}

function layerViolations({ file: { path }, imports }: Module): readonly string[] {
  if (!path.startsWith(CORE)) return [];
  const rank = coreRank(path);
  if (rank === undefined) return [`${path}: belongs to no layer of core`];
  const targets = imports
    .map((specifier) => relativeTarget(path, specifier))
    .filter((target) => target !== undefined);
  return targets
    .filter((target) => target.startsWith(CORE) && (coreRank(target) ?? 0) > rank)
    .map((target) => `${path}: may not import ${target}, a layer above it`);
}

/** A floor's number from the top down, -1 for a file above them all; undefined where no floor has the folder. */
function floorOf({ root, floors }: Tower, path: string): number | undefined {
  const part = path.slice(root.length).split("/")[0] ?? "";
  const floor = floors.findIndex((parts) => parts.includes(part));
  return floor === -1 && path !== root + part ? undefined : floor;
}

function towerViolations(tower: Tower, { file: { path }, imports }: Module): readonly string[] {
  const { root } = tower;
  if (!path.startsWith(root)) return [];
  const from = floorOf(tower, path);
  if (from === undefined) return [`${path}: its folder is on no floor of ${root}`];
  if (from === -1) return [];
  const partOf = (inside: string) => inside.slice(root.length).split("/")[0];
  return imports
    .map((specifier) => relativeTarget(path, specifier))
    .filter((target) => target !== undefined)
    .filter((target) => target.startsWith(root) && partOf(target) !== partOf(path))
    .filter((target) => (floorOf(tower, target) ?? Number.POSITIVE_INFINITY) <= from)
    .map((target) => `${path}: may not import ${target}, which lies no lower in ${root}`);
}

/** Each cycle once, as the path along it that starts at its alphabetically first file or folder. */
function cycleViolations(targets: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const finished = new Set<string>();
  const cycles = new Set<string>();
  function follow(path: string, trail: readonly string[]): void {
    const start = trail.indexOf(path);
    if (start !== -1) cycles.add(describeCycle(trail.slice(start)));
    if (start !== -1 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) follow(target, [...trail, path]);
    finished.add(path);
  }
  for (const path of targets.keys()) follow(path, []);
  return [...cycles];
}

function targetTable(modules: readonly Module[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    modules.map(({ file: { path }, imports }) => [
      path,
      imports.map((specifier) => relativeTarget(path, specifier)).filter((target) => target !== undefined),
    ]),
  );
}

/** What each folder imports, at whatever depth it lies. A package's `src` is no unit: each of its files counts by itself. */
function folderTable(modules: readonly Module[]): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, Set<string>>();
  for (const [path, targets] of targetTable(modules)) {
    const from = folderOf(path);
    const into = folders.get(from) ?? new Set();
    folders.set(from, into);
    for (const target of targets) if (folderOf(target) !== from) into.add(folderOf(target));
  }
  return new Map([...folders].map(([folder, into]) => [folder, [...into]]));
}

function folderOf(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return folder.split("/").length === 3 ? path : folder;
}

function describeCycle(cycle: readonly string[]): string {
  const first = cycle.indexOf(cycle.toSorted()[0] ?? "");
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
  return `import cycle: ${[...turned, turned[0]].join(" -> ")}`;
}

/** The entries of core run anywhere: nothing that they reach may name a module of Node's. */
function entryViolations(modules: readonly Module[]): readonly string[] {
  const byPath = new Map(modules.map((module) => [module.file.path, module]));
  const targets = targetTable(modules);
  const reached = new Set(CORE_ENTRIES.map((entry) => `${CORE}${entry}`));
  for (const path of reached) for (const target of targets.get(path) ?? []) reached.add(target);
  return [...reached].flatMap((path) =>
    (byPath.get(path)?.imports ?? [])
      .filter(isBuiltin)
      .map((specifier) => `${path}: reached from an entry of core and imports ${specifier}`),
  );
}

function isPure(path: string): boolean {
  return path.startsWith(`${CORE}data/`) || path.startsWith(`${CORE}rules/`);
}
