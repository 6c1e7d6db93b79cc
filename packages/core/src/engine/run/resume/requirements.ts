import { agentState } from "../../../data/graph/agent-state.ts";
import type { Graph } from "../../../data/graph/graph.ts";
import { RLMError } from "../../../errors.ts";
import { unfinishedAgents } from "../../../rules/next-move.ts";
import type { FlowSettings } from "../../resources/settings.ts";

/** What the agents of a record name that go on, and whoever takes it up must have. */
export interface Requirements {
  /** Keys of clients. */
  readonly models: readonly string[];
  /** Keys of runtimes, and the language that each must speak. */
  readonly runtimes: readonly { readonly key: string; readonly language: string }[];
  readonly tools: readonly string[];
}

/** What must be there for these agents to go on, by default the unfinished ones. A further query is one of the root. */
export function requirementsOf(
  graph: Graph,
  agents: readonly string[] = unfinishedAgents(graph),
): Requirements {
  const models = new Set<string>();
  const runtimes = new Map<string, { readonly key: string; readonly language: string }>();
  const tools = new Set<string>();
  for (const agentId of agents) {
    const state = agentState(graph, agentId);
    if (state === undefined) continue;
    const { query, config } = state;
    const { runtime: key } = query.config;
    const { name: language } = query.language;
    models.add(config.model);
    runtimes.set(`${key} ${language}`, { key, language });
    for (const tool of query.tools) tools.add(tool);
  }
  return { models: [...models], runtimes: [...runtimes.values()], tools: [...tools] };
}

/** Checks that everything is there which these agents need to go on; one error names all that is not. */
export function requireAll(graph: Graph, settings: FlowSettings, agents?: readonly string[]): void {
  const { models, runtimes, tools } = requirementsOf(graph, agents);
  const missing = [
    ...models.filter((key) => !settings.providers.has(key)).map((key) => `client "${key}"`),
    ...runtimes.flatMap(({ key, language }) => {
      const runtime = settings.runtimes.get(key);
      if (runtime === undefined) return [`runtime "${key}"`];
      return runtime.language.name === language ? [] : [`a runtime "${key}" that speaks ${language}`];
    }),
    ...tools.filter((name) => !settings.tools.has(name)).map((name) => `tool "${name}"`),
  ];
  if (missing.length > 0)
    throw new RLMError(
      "invalid_options",
      `This run can't go on here: the agents that go on need ${missing.join(", ")}. Give them in the options of RLMFlow.`,
    );
}
