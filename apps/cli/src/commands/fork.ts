import { type Edit, Graph, planFork, RLMError } from "@rlmflow/core";
import { mayOpenAgain } from "@rlmflow/core/store";
import { toldUsage } from "@rlmflow/render";
import { openWorkspace } from "@rlmflow/workspace";
import { forkReport } from "../branches/fork-report.ts";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { languageOfName } from "../live/language-of-name.ts";
import { type ForkCommandOptions, type ForkFlags, readForkOptions } from "../options/fork-options.ts";
import { hasRecord, withModel } from "../options/recorded-flags.ts";
import { type Place, placeAt } from "../render/open-graph.ts";

/** `rlmflow fork`: a new branch from a node of a run, with the edits that were asked for. No model is asked. */
export async function forkCommand(path: string, flags: ForkFlags, io: CommandIo): Promise<ExitCode> {
  const options = await readForkOptions(flags);
  const place: Place = placeAt(path);
  await using workspace = await openWorkspace(place.workspace);
  const source = await workspace.load(
    flags.run ?? place.run ?? undefined,
    flags.branch ?? place.branch ?? undefined,
  );
  const isOfCommand = hasRecord(source.run.metadata);
  refuseDeadEnd(source, options);
  await refuseMalformed(source, options);
  const fork = await workspace.fork({
    runId: source.run.runId,
    branch: source.branch,
    at: options.at,
    keep: options.keep,
    edits: editsOf(isOfCommand ? { ...options, model: null } : options, source),
    ...(options.name !== null && { name: options.name }),
  });
  const { runId, branch, metadata } = fork.graph.run;
  // The command has one model, whose name is part of what it keeps; a program's models have keys.
  if (isOfCommand && options.model !== null)
    await workspace.keepMetadata(runId, branch.id, withModel(metadata, options.model));
  if (options.json) {
    const { graph: _, keptUsage, droppedUsage, ...rest } = fork;
    const numbers = { ...rest, keptUsage: toldUsage(keptUsage), droppedUsage: toldUsage(droppedUsage) };
    await write(io.stdout, `${JSON.stringify({ runId, branch, ...numbers })}\n`);
    return EXIT.ok;
  }
  const files = workspace.branchPaths(runId, branch.id).files;
  await write(io.stdout, `${forkReport(fork, { directory: workspace.directory, files }).join("\n")}\n`);
  return EXIT.ok;
}

/** Refuses a fork that could not go on: it would keep the failure that ended the run. */
function refuseDeadEnd(source: Graph, { at, keep }: ForkCommandOptions): void {
  const { kept } = planFork(source, at, keep);
  const last = Graph.fromNodes(source.run, kept).head("root");
  if (last?.type !== "error" || !last.fatal || mayOpenAgain(last)) return;
  const before = last.parentId === null ? "a node before it" : `--at ${last.parentId}`;
  throw new RLMError(
    "edit_refused",
    `The fork would keep ${last.id}, with which the run failed (${last.message}), and so could not go on. Fork before it: ${before}.`,
  );
}

/** Refuses code that the language of the agent can't parse: it would fail when the branch goes on. */
async function refuseMalformed(source: Graph, { at, code }: ForkCommandOptions): Promise<void> {
  const agentId = source.find(at)?.agentId;
  const query = agentId === undefined ? undefined : source.chain(agentId)[0];
  if (code === null || query?.type !== "query") return;
  const fault = (await languageOfName(query.language.name))?.parses(code) ?? null;
  if (fault !== null) throw new RLMError("edit_refused", `The code of --code does not parse: ${fault}`);
}

/** Edits of the agent whose node the fork is made at. A node that is not there is the fork's to complain of. */
function editsOf({ at, code, say, model }: ForkCommandOptions, source: Graph): readonly Edit[] {
  const agentId = source.find(at)?.agentId ?? "";
  return [
    ...(model === null ? [] : [{ kind: "config", agentId, config: { model } } as const]),
    ...(code === null ? [] : [{ kind: "code", agentId, code } as const]),
    ...(say === null ? [] : [{ kind: "say", agentId, text: say } as const]),
  ];
}
