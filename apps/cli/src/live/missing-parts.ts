import type { Graph } from "@rlmflow/core";
import { requirementsOf } from "@rlmflow/core/store";
import { FILE_TOOLS } from "../options/file-tool-names.ts";
import type { RunFlags } from "../options/run-options.ts";

/**
 * What the agents need that go on and this command cannot give with these options, each as a sentence: to resume, the
 * unfinished ones; to continue, the root.
 */
export function missingParts(
  graph: Graph,
  flags: RunFlags,
  what: "resume" | "continue" = "resume",
): readonly string[] {
  const { models, runtimes, tools } = requirementsOf(graph, what === "continue" ? ["root"] : undefined);
  const program = (needs: string): string =>
    `the run needs ${needs} of the program that began it: ${what} it there, with flow.${what}`;
  const all = FILE_TOOLS.write;
  const readable = FILE_TOOLS.read;
  const given = flags.files === "write" ? all : flags.files === "read" ? readable : [];
  const missing = tools.filter((name) => !given.includes(name));
  const foreign = missing.filter((name) => !all.includes(name));
  const option = missing.some((name) => !readable.includes(name)) ? "write" : "read";
  return [
    ...others("models", models).map(program),
    ...others(
      "runtimes",
      runtimes.map(({ key }) => key),
    ).map(program),
    ...(foreign.length > 0 ? [program(`the tools ${foreign.join(", ")}`)] : []),
    ...(missing.length > foreign.length ? [`the run needs its file tools: pass --files ${option}`] : []),
  ];
}

/** This command has one model and one runtime, under the key `default`. */
function others(what: string, keys: readonly string[]): readonly string[] {
  const names = keys.filter((key) => key !== "default");
  return names.length === 0 ? [] : [`the ${what} ${names.join(", ")}`];
}
