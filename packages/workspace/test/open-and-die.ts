import inPlace from "node:fs";
import files, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

/* node open-and-die.ts <directory> <operation>: opens the branch for writing and is killed before that change of a file. */

const [directory = "", fatal = ""] = process.argv.slice(2);
let operations = 0;

function count(): void {
  if (operations++ === Number(fatal)) process.kill(process.pid, "SIGKILL");
}

function countCalls<K extends string>(target: { [key in K]: (...args: never[]) => unknown }, key: K): void {
  const original = target[key];
  target[key] = function (this: unknown, ...args: never[]) {
    count();
    return original.apply(this, args);
  };
}

const probe: FileHandle = await files.open(join(tmpdir(), `rlmflow-probe-${process.pid}`), "w");
const handle = Object.getPrototypeOf(probe);
await probe.close();
for (const key of ["write", "sync", "truncate"]) countCalls(handle, key);
for (const key of ["rename", "rm", "link", "writeFile"] as const) countCalls(files, key);
for (const key of ["renameSync", "rmSync", "linkSync", "writeFileSync", "writeSync"] as const)
  countCalls(inPlace, key);
await files.unlink(join(tmpdir(), `rlmflow-probe-${process.pid}`));
syncBuiltinESMExports();
const { openWorkspace } = await import("../src/index.ts");
const workspace = await openWorkspace(directory);
await workspace.openRun("golden");
