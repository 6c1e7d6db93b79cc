import { cp, lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Files that hold a licence text by their name. */
const LICENSE_FILE = /^((un)?licen[cs]e|copying)/i;
/** Code and data that may be called like one. */
const NOT_A_TEXT = /\.([cm]?[jt]s|json|html?)$/i;

/**
 * Copies package.json and licence texts of every package installed in pnpm's store into `workspace`, one
 * folder `packages/<name>@<version>` each (a `/` in the name becomes `+`). What was there before is removed.
 * Gives the folders, relative to the workspace and sorted.
 */
export async function prepareWorkspace(store: string, workspace: string): Promise<readonly string[]> {
  await rm(workspace, { recursive: true, force: true });
  await mkdir(workspace, { recursive: true });
  const folders = new Set<string>();
  for (const source of await installedPackages(store)) {
    const { name, version } = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
    if (String(name).startsWith("@rlmflow/")) continue;
    const folder = `packages/${String(name).replace("/", "+")}@${version}`;
    // One version can be installed several times, with different peers: the files are the same.
    if (folders.has(folder)) continue;
    folders.add(folder);
    await copyTexts(source, join(workspace, folder));
  }
  return [...folders].toSorted();
}

/** Every real folder `<store>/<entry>/node_modules/<name>` with a package.json; the rest are links. */
async function installedPackages(store: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await foldersIn(store)) {
    const modules = join(entry, "node_modules");
    const top = await foldersIn(modules).catch(() => []);
    const scopes = top.filter((folder) => folder.slice(modules.length + 1).startsWith("@"));
    const scoped = await Promise.all(scopes.map(foldersIn));
    for (const folder of [...top, ...scoped.flat()])
      if (await isFile(join(folder, "package.json"))) found.push(folder);
  }
  return found;
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

async function copyTexts(source: string, target: string): Promise<void> {
  const names = await readdir(source);
  const texts = names.filter((name) => LICENSE_FILE.test(name) && !NOT_A_TEXT.test(name));
  await mkdir(target, { recursive: true });
  for (const name of ["package.json", ...texts])
    if (await isFile(join(source, name))) await cp(join(source, name), join(target, name));
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
