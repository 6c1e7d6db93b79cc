import { lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files that hold a licence text, by their names. */
const LICENSE_FILE = /^((un)?licen[cs]e|copying)/i;
/** Code and data that may be called like one. */
const NOT_A_TEXT = /\.([cm]?[jt]s|json|html?)$/i;

/**
 * Copies package.json and the licence texts of every package installed in pnpm's store into an empty
 * `workspace`, one folder `packages/<name>@<version>` each (a `/` in the name becomes `+`). Gives the
 * folders, relative to the workspace and sorted.
 */
export async function prepareWorkspace(store: string, workspace: string): Promise<readonly string[]> {
  const folders = new Set<string>();
  for (const source of await installedPackages(store)) {
    const { name, version } = JSON.parse(await readText(join(source, "package.json")));
    const folder = `packages/${String(name).replace("/", "+")}@${version}`;
    // One version is installed several times when it has different peers: its own files are the same.
    if (String(name).startsWith("@rlmflow/") || folders.has(folder)) continue;
    folders.add(folder);
    await copyTexts(source, join(workspace, folder));
  }
  return [...folders].toSorted();
}

/** Every real folder `<store>/<entry>/node_modules/<name>` that holds a package.json; the rest are links. */
async function installedPackages(store: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await foldersIn(store)) {
    const modules = await foldersIn(join(entry, "node_modules")).catch(() => []);
    const scopes = modules.filter((folder) => /[\\/]@[^\\/]+$/.test(folder));
    const scoped = await Promise.all(scopes.map(foldersIn));
    for (const folder of [...modules, ...scoped.flat()])
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
    if (await isFile(join(source, name)))
      await writeFile(join(target, name), await readText(join(source, name)));
}

/** The file as UTF-8 without a byte order mark; bytes of other encodings become U+FFFD. */
async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readFile(path));
}

async function isFile(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => null);
  return stats?.isFile() ?? false;
}
