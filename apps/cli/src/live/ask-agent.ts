import { type Edit, endsAgent, type Graph, RLMError } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { oneLine } from "@rlmflow/render";
import { openWorkspace } from "@rlmflow/workspace";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { branchPlace } from "../render/branch-place.ts";
import { type AskFlags, askRun } from "./ask-run.ts";

const MOST_NAMED = 8;

/**
 * Asks an edit of the agent that is named, or of the only one that the run has. Throws `invalid_options` that lists
 * agents when there are several.
 */
export async function askAgent(
  path: string,
  flags: AskFlags,
  edit: (agentId: string) => Edit,
  io: CommandIo,
): Promise<ExitCode> {
  const named = flags.agent?.trim();
  if (named === "")
    throw new RLMError("invalid_options", "- --agent needs the id of an agent, like root.scan");
  if (named !== undefined) return await askRun(path, flags, edit(named), io);
  const graph = await graphOf(path, flags);
  const { runId, branch } = graph.run;
  // The run that was looked at, should a newer one begin meanwhile.
  return await askRun(path, { ...flags, run: runId, branch: branch.id }, edit(onlyAgent(graph)), io);
}

async function graphOf(path: string, flags: AskFlags): Promise<Graph> {
  const place = branchPlace(path, flags);
  await using workspace = await openWorkspace(place.workspace);
  return await workspace.load(place.run, place.branch);
}

function onlyAgent(graph: Graph): string {
  const agents = graph.agents();
  const [only, ...others] = agents;
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined)
    throw new RLMError("nothing_to_do", `Run ${graph.run.runId} has no agent yet: try again in a moment.`);
  const atWork = agents.filter((agentId) => isAtWork(graph, agentId));
  const shown = (atWork.length > 0 ? atWork : agents).slice(0, MOST_NAMED).map((agentId) => oneLine(agentId));
  const more = agents.length > shown.length ? ", …; `rlmflow render --ids` shows all" : "";
  throw new RLMError(
    "invalid_options",
    `- the run has ${counted(agents.length, "agent")}: name one with --agent, like ${shown.join(", ")}${more}`,
  );
}

function isAtWork(graph: Graph, agentId: string): boolean {
  const head = graph.head(agentId);
  return head !== undefined && !endsAgent(head);
}
