import type { Options } from "tsup";

/** What every package builds: ES modules for Node 24 with declarations and source maps. */
export function library(entry: Record<string, string>): Options {
  return {
    entry,
    format: ["esm"],
    target: "node24",
    platform: "node",
    dts: true,
    sourcemap: true,
    clean: true,
  };
}
