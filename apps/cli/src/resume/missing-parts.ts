import { type Graph, requirementsOf } from "@rlmflow/core";
import { fileTools } from "@rlmflow/tools";
import type { RunFlags } from "../run/run-options.ts";

/** What the unfinished agents of a run need and this command cannot give with these options, each as a sentence. */
export function missingParts(graph: Graph, flags: RunFlags): readonly string[] {
  const { models, runtimes, tools } = requirementsOf(graph);
  const all = fileTools(".").map((tool) => tool.name);
  const readable = fileTools(".", { readOnly: true }).map((tool) => tool.name);
  const given = flags.files === "write" ? all : flags.files === "read" ? readable : [];
  const missing = tools.filter((name) => !given.includes(name));
  const foreign = missing.filter((name) => !all.includes(name));
  const option = missing.some((name) => !readable.includes(name)) ? "write" : "read";
  return [
    ...others("models", models),
    ...others(
      "runtimes",
      runtimes.map(({ key }) => key),
    ),
    ...(foreign.length > 0 ? [program(`the tools ${foreign.join(", ")}`)] : []),
    ...(missing.length > foreign.length ? [`the run needs its file tools: pass --files ${option}`] : []),
  ];
}

/** This command has one model and one runtime, under the key `default`. */
function others(what: string, keys: readonly string[]): readonly string[] {
  const names = keys.filter((key) => key !== "default");
  return names.length === 0 ? [] : [program(`the ${what} ${names.join(", ")}`)];
}

function program(needs: string): string {
  return `the run needs ${needs} of the program that began it: resume it there, with flow.resume`;
}
