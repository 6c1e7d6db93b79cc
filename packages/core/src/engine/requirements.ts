import { agentState } from "../data/chain.ts";
import type { Graph } from "../data/graph.ts";
import { RLMError } from "../errors.ts";
import { unfinishedAgents } from "../turn/plan.ts";
import type { FlowSettings } from "./settings.ts";

/** Checks that everything the unfinished agents of a record name is there; one error names all that is not. */
export function requireAll(graph: Graph, settings: FlowSettings): void {
  const missing = new Set<string>();
  for (const agentId of unfinishedAgents(graph)) {
    const state = agentState(graph, agentId);
    if (state === undefined) continue;
    const { query, config } = state;
    if (!settings.providers.has(config.model)) missing.add(`client "${config.model}"`);
    const runtime = settings.runtimes.get(query.config.runtime);
    if (runtime === undefined) missing.add(`runtime "${query.config.runtime}"`);
    else if (runtime.kernel.language !== query.kernel.language)
      missing.add(`a runtime "${query.config.runtime}" that speaks ${query.kernel.language}`);
    for (const tool of query.tools) if (!settings.tools.has(tool)) missing.add(`tool "${tool}"`);
  }
  if (missing.size > 0)
    throw new RLMError(
      "invalid_options",
      `This run can't go on here: its unfinished agents need ${[...missing].join(", ")}. Give them in the options of RLMFlow.`,
    );
}
