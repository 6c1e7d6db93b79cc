import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { RLMError } from "@rlmflow/core";
import { packageFile } from "@rlmflow/repl/driver";

/** The files that a sandbox process is made of. */
export interface Launch {
  /** Arguments of `node`, the host's file and isolated-vm's addon included. */
  readonly args: readonly string[];
  /** Text of the evaluator that every isolate runs. */
  readonly evaluator: string;
}

/** Resolves a module's name to the path of its file, as `require.resolve` does. */
export type Resolve = (name: string) => string;

/** Finds the files. Throws `runtime_failed` or `missing_dependency` that say what to install. */
export function findLaunch(resolve: Resolve = resolveFromHost): Launch {
  const addon = findAddon(resolve);
  const evaluator = readFileSync(found(resolve, "@rlmflow/repl/evaluator.js"), "utf8");
  const host = hostFile();
  const flags = [
    // isolated-vm asks for it: isolates of different snapshots would share a read-only heap.
    "--no-node-snapshot",
    // The linear engine that CONTEXT.grep runs on.
    "--enable-experimental-regexp-engine",
    // Garbage is picked up soon: many heaps share a process, and text of contexts passes through all of them.
    "--max-semi-space-size=1",
    // No files, processes, threads or inspector, should code ever get out of its isolate.
    "--permission",
    "--allow-addons",
    ...[host, ...hostModules(host), addon].map((path) => `--allow-fs-read=${path}`),
    "--disable-warning=PERM0001",
  ];
  return { args: [...flags, host, addon], evaluator };
}

/** From a bundle only the host's own folder may see what the host's package depends on. */
function resolveFromHost(name: string): string {
  return packageFile(name, [import.meta.url, hostFile()]);
}

/**
 * Sources run the host beside them. A build finds that of its own package by name, which is never of another
 * version; a bundle, whose `import.meta.url` is its own or missing, that of the package that is installed.
 */
function hostFile(): string {
  const here: string | undefined = import.meta.url;
  const isSource = here?.endsWith(".ts") === true;
  return realpathSync(
    isSource
      ? fileURLToPath(new URL("./host.ts", here))
      : packageFile("@rlmflow/runtime-isolated/host", [here]),
  );
}

/** A build is one file; sources import their neighbours. */
function hostModules(host: string): readonly string[] {
  return host.endsWith(".ts") ? [`${dirname(host)}/*`] : [];
}

function found(resolve: Resolve, name: string): string {
  try {
    return realpathSync(resolve(name));
  } catch (cause) {
    if (RLMError.is(cause)) throw cause;
    const message = `isolatedRuntime found no ${name}. Install the packages again, with isolated-vm 7 among them.`;
    throw new RLMError("runtime_failed", message, { cause });
  }
}

/** The one file of isolated-vm that is loaded, so that a sandbox process needs to read no other. */
function findAddon(resolve: Resolve): string {
  const main = found(resolve, "isolated-vm");
  try {
    const finder: { path(folder: string): string } = createRequire(main)("node-gyp-build");
    return realpathSync(finder.path(dirname(main)));
  } catch (cause) {
    const here = `Node ${process.versions.node} on ${process.platform}-${process.arch}`;
    const message = `isolated-vm has no binary for ${here}. Run Node 24 or 26, or install isolated-vm with its build script.`;
    throw new RLMError("runtime_failed", message, { cause });
  }
}
