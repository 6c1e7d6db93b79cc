import type { AgentConfig } from "../../data/agent-config.ts";
import type { JsonObject, JsonSchema } from "../../data/json.ts";
import type { ContextRef, QueryNode } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { Language } from "../../protocols/language.ts";
import type { PayloadReader, PayloadStore } from "../../protocols/store.ts";
import type { Tool } from "../../protocols/tool.ts";
import { BEGINNING, describeInput, MAX_DESCRIBED, READ_JSON } from "../../rules/describe-input.ts";
import type { AgentView } from "../../rules/prompt.ts";
import { copyObject } from "../../schema/json-copy.ts";
import { requiredAnswer } from "../../schema/required-keys.ts";
import { openContext } from "../repl/repl-spec.ts";
import type { AgentSettings, NewAgent } from "../resources/settings.ts";
import type { Journal } from "../store/journal.ts";
import type { ChainDraft } from "../store/node-draft.ts";
import { pack } from "../store/node-draft.ts";
import { endsRun } from "../store/store-failure.ts";
import type { Delegation } from "./agent-port.ts";
import { passContext } from "./contexts.ts";
import { errorData } from "./error-data.ts";

/**
 * Version of what the engine makes of the same log: its messages and the answers that code gets. Each query records the
 * one that it began with, and is replayed by it. Prompts need none, for they are recorded whole. Since 2, the first
 * message describes the input, and the error of a wait in which a child failed says how many children succeeded.
 */
export const INTERPRETER = "2";

/** What a query node is made from. */
export interface NewQuery {
  readonly agentId: string;
  readonly query: string;
  readonly ordinal: number;
  readonly depth: number;
  readonly config: AgentConfig;
  readonly contexts: readonly ContextRef[];
  readonly output: JsonSchema | null;
  readonly globals: JsonObject;
  readonly seed: string;
  /** The tools of the agent's first query, whose REPL has their functions. Absent in a first query, which gets all tools. */
  readonly tools?: readonly string[];
  readonly parentId?: string;
  readonly metadata?: JsonObject;
}

/** What a run is asked that was given a context alone. */
export const DEFAULT_QUERY =
  "Read the context and do what it asks. If it asks for nothing, say what it is and what matters in it.";

/** The chain draft of a query: the prompt is rendered here, once, and kept. What a user gave is copied. */
export async function queryDraft(
  settings: AgentSettings,
  payloads: PayloadStore,
  asked: NewQuery,
): Promise<ChainDraft> {
  const language = languageOf(settings, asked.config.runtime);
  const tools = [...settings.tools.values()].filter(({ name }) => asked.tools?.includes(name) ?? true);
  const { inline, blob } = await pack(payloads, promptFor(settings, asked, language, tools));
  const draft: Omit<QueryNode, "id" | "agentId" | "parentId" | "n" | "startedAt" | "endedAt" | "origin"> = {
    type: "query",
    query: asked.query,
    ordinal: asked.ordinal,
    depth: asked.depth,
    systemPrompt: inline,
    config: asked.config,
    contexts: asked.contexts,
    ...(await inputOf(payloads, asked, language)),
    output: asked.output,
    globals: asked.globals,
    tools: tools.map((tool) => tool.name),
    seed: asked.seed,
    interpreter: INTERPRETER,
    language: { name: language.name, engine: language.engine },
    ...(asked.metadata !== undefined && { metadata: copyObject(asked.metadata, "metadata") }),
    ...(blob !== undefined && { blobs: { systemPrompt: blob } }),
  };
  return { ...draft, ...(asked.parentId !== undefined && { parentId: asked.parentId }) };
}

/**
 * The description of an agent's contexts for its first query. Empty when one of them can't be read: opening the REPL
 * reports why.
 */
async function inputOf(
  payloads: PayloadReader,
  { ordinal, contexts }: NewQuery,
  { spellings }: Language,
): Promise<{ readonly input?: string }> {
  if (ordinal > 0 || contexts.length === 0) return {};
  try {
    const beginnings = await Promise.all(
      contexts.slice(0, MAX_DESCRIBED).map(async (ref) => {
        const { key, characters, metadata, read } = await openContext(payloads, ref);
        const beginning = read(0, Math.min(characters, BEGINNING));
        return { key, characters, beginning, ...(metadata !== undefined && { metadata }) };
      }),
    );
    return { input: describeInput(beginnings, contexts.length, spellings?.[READ_JSON]) };
  } catch (error) {
    if (endsRun(error)) throw error;
    return {};
  }
}

function promptFor(
  settings: AgentSettings,
  asked: NewQuery,
  language: Language,
  tools: readonly Tool[],
): string {
  const { agentId, depth, config, contexts, output } = asked;
  const view: AgentView = {
    agentId,
    depth,
    canDelegate: depth < config.maxDepth && config.maxChildren > 0,
    config,
    contexts,
    output,
    globals: Object.keys(asked.globals),
    tools,
    models: [...settings.models].map(([key, { description }]) => ({ key, description })),
    runtimes: [...settings.languages].map(([key, { name }]) => ({ key, language: name })),
    language,
  };
  const prompt: unknown = fromUser("prompt", () => settings.prompt(view));
  if (typeof prompt === "string") return prompt;
  throw new RLMError(
    "invalid_options",
    `The option prompt gave a ${typeof prompt} for ${agentId}, not text.`,
  );
}

/** The runtime that the flow chooses for an agent. Throws `invalid_options` for one that is not there. */
export function chooseRuntime(settings: AgentSettings, agent: NewAgent): string {
  const { runtimeFor } = settings;
  if (runtimeFor === null) return agent.config.runtime;
  const runtime: unknown = fromUser("runtimeFor", () => runtimeFor(agent));
  if (typeof runtime === "string" && settings.languages.has(runtime)) return runtime;
  const given = typeof runtime === "string" ? JSON.stringify(runtime) : typeName(runtime);
  throw new RLMError(
    "invalid_options",
    `The option runtimeFor gave ${given} for ${agent.agentId}, and not the key of a runtime of this flow: ${keysOf(settings)}. To change nothing, return agent.config.runtime.`,
  );
}

function typeName(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  return value === null ? "null" : typeof value;
}

function keysOf({ languages }: Pick<AgentSettings, "languages">): string {
  return [...languages.keys()].join(", ");
}

function languageOf(settings: AgentSettings, key: string): Language {
  const language = settings.languages.get(key);
  if (language !== undefined) return language;
  const message = `There is no runtime "${key}". Runtimes of this flow: ${keysOf(settings)}.`;
  throw new RLMError("invalid_options", message);
}

/** Calls what a user gave as an option; what it throws names the option. */
function fromUser<T>(option: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw new RLMError("invalid_options", `The option ${option} threw: ${errorData(cause).message}`, {
      cause,
    });
  }
}

/** The query of a child, from its parent's `delegate` call. Contexts that came as text are put into the store. */
export async function childDraft(
  settings: AgentSettings,
  journal: Journal,
  { call: delegation, plan, request, parent }: Delegation,
): Promise<ChainDraft> {
  const { graph, payloads } = journal;
  const earlier = graph.chain(plan.agentId).filter((node) => node.type === "query");
  const first = earlier[0];
  const contexts = await Promise.all(
    request.contexts.map((context) => passContext(payloads, parent.query, context)),
  );
  return await queryDraft(settings, payloads, {
    agentId: plan.agentId,
    query: request.query,
    ordinal: earlier.length,
    depth: plan.depth,
    config: plan.config,
    contexts: first?.contexts ?? contexts,
    output: requiredAnswer(request.output),
    globals: first?.globals ?? { ...settings.globals, ...request.globals },
    seed: first?.seed ?? `${graph.run.runId}/${plan.agentId}`,
    ...(first !== undefined && { tools: first.tools }),
    parentId: delegation.id,
  });
}
