// Makes a small image out of what this machine has, for places without a registry: the Node that runs this
// script, the system's Python where there is one, a shell, and the libraries they load. Linux only.
//
//   node packages/runtime-docker/scripts/base-image.mjs [tag]      default rlmflow-test
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import Docker from "dockerode";
import { pack } from "tar-stream";

/** The system's own, whose library lies where it looks for it. */
const PYTHON = "/usr/bin/python3";
const SHELL = "/bin/sh";
const LEFT_OUT =
  /\/(?:__pycache__|test|tests|idlelib|lib2to3|ensurepip|turtledemo|tkinter|pydoc_data|dist-packages|config-[^/]*)(?:\/|$)/;

/** The shared libraries that a binary loads, the loader included. */
function librariesOf(binary) {
  const listed = execFileSync("ldd", [binary], { encoding: "utf8" });
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path);
}

/** Files of this machine by their place in the image. */
function filesOfImage() {
  const files = new Map([["/usr/local/bin/node", process.execPath]]);
  if (existsSync(SHELL)) files.set(SHELL, SHELL);
  if (existsSync(PYTHON)) addPython(files);
  const binaries = [...files].filter(([place]) => /\/bin\/|\.so$/.test(place));
  for (const library of new Set(binaries.flatMap(([, path]) => librariesOf(realpathSync(path))))) {
    files.set(library, library);
  }
  return files;
}

function addPython(files) {
  const ask = "import sysconfig; print(sysconfig.get_path('stdlib'))";
  const folder = execFileSync(PYTHON, ["-I", "-c", ask], { encoding: "utf8" }).trim();
  files.set(PYTHON, PYTHON);
  for (const name of globSync("**/*.{py,so}", { cwd: folder })) {
    const place = join(folder, name);
    if (!LEFT_OUT.test(place) && statSync(place).isFile()) files.set(place, place);
  }
}

const OTHERS = [
  { name: "tmp", type: "directory", mode: 0o1777 },
  { name: "etc/passwd", text: "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n" },
  { name: "etc/group", text: "root:x:0:\nnogroup:x:65534:\n" },
];

function imageArchive() {
  const archive = pack();
  for (const { name, text, type = "file", mode = 0o644 } of OTHERS) archive.entry({ name, type, mode }, text);
  const folders = new Set();
  for (const [place, path] of filesOfImage()) {
    addFolders(archive, dirname(place), folders);
    archive.entry({ name: place.slice(1), mode: 0o755 }, readFileSync(path));
  }
  archive.finalize();
  return archive;
}

function addFolders(archive, folder, known) {
  if (folder === "/" || known.has(folder)) return;
  known.add(folder);
  addFolders(archive, dirname(folder), known);
  archive.entry({ name: folder.slice(1), type: "directory", mode: 0o755 });
}

/** Builds the image under this name and resolves when the engine has it. */
export async function buildBaseImage(tag = "rlmflow-test") {
  if (process.platform !== "linux") throw new Error("An image of this machine's programs needs Linux.");
  const docker = new Docker();
  const progress = await docker.importImage(imageArchive(), {
    repo: tag,
    changes: "ENV PATH=/usr/local/bin:/usr/bin:/bin",
  });
  await new Promise((resolve, reject) => {
    docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
  });
}

if (import.meta.main) await buildBaseImage(process.argv[2]);
