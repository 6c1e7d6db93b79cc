import type { AgentConfig } from "../data/agent-config.ts";
import type { JsonObject, JsonSchema } from "../data/json.ts";
import type { ContextRef, QueryNode } from "../data/node.ts";
import { RLMError } from "../errors.ts";
import type { PassedContext } from "../protocols/runtime.ts";
import type { AgentView } from "../turn/prompt/prompt-builder.ts";
import type { Birth } from "./agent-port.ts";
import type { ChainDraft, Journal } from "./journal.ts";
import type { FlowSettings } from "./settings.ts";

/** Version of the prompts and the semantics; a run records which one made it. */
export const INTERPRETER = "1";

/** A context as a user gives it: its text, its pieces, or a payload that the store has already. */
export type ContextInput =
  | string
  | { readonly text: string | AsyncIterable<string>; readonly metadata?: JsonObject }
  | { readonly digest: string; readonly characters: number; readonly metadata?: JsonObject };

/** What a query node is made from. */
export interface TaskDraft {
  readonly agentId: string;
  readonly query: string;
  readonly turn: number;
  readonly depth: number;
  readonly config: AgentConfig;
  readonly contexts: readonly ContextRef[];
  readonly output: JsonSchema | null;
  readonly globals: JsonObject;
  readonly seed: string;
  readonly parentId?: string;
  readonly metadata?: JsonObject;
}

/** The task of a run that was given a context and no query. */
export const DEFAULT_QUERY =
  "Read the context and do what it asks. If it asks for nothing, say what it is and what matters in it.";

/** The chain draft of a query: the prompt is rendered here, once, and kept. */
export async function queryDraft(
  settings: FlowSettings,
  journal: Journal,
  task: TaskDraft,
): Promise<ChainDraft> {
  const kernel = settings.runtimes.get(task.config.runtime)?.kernel;
  if (kernel === undefined)
    throw new RLMError(
      "invalid_options",
      `There is no runtime "${task.config.runtime}". Runtimes of this flow: ${[...settings.runtimes.keys()].join(", ")}.`,
    );
  const tools = [...settings.tools.values()];
  const view: AgentView = {
    agentId: task.agentId,
    depth: task.depth,
    canDelegate: task.depth < task.config.maxDepth && task.config.maxChildren > 0,
    config: task.config,
    contexts: task.contexts,
    output: task.output,
    globals: Object.keys(task.globals),
    tools,
    models: settings.models,
    kernel,
  };
  const { inline, blob } = await journal.pack(settings.prompt(view));
  const draft: Omit<QueryNode, "id" | "agentId" | "parentId" | "n" | "startedAt" | "endedAt" | "origin"> = {
    type: "query",
    query: task.query,
    turn: task.turn,
    depth: task.depth,
    systemPrompt: inline === null ? null : journal.shared(inline),
    config: task.config,
    contexts: task.contexts,
    output: task.output,
    globals: task.globals,
    tools: tools.map((tool) => tool.name),
    seed: task.seed,
    interpreter: INTERPRETER,
    kernel: { language: kernel.language, engine: kernel.engine },
    ...(task.metadata !== undefined && { metadata: task.metadata }),
    ...(blob !== undefined && { blobs: { systemPrompt: blob } }),
  };
  return { ...draft, ...(task.parentId !== undefined && { parentId: task.parentId }) };
}

/** The query of a child, from its parent's `delegate` call. Contexts that came as text are put into the store. */
export async function childDraft(
  settings: FlowSettings,
  journal: Journal,
  { delegation, plan, request, parent }: Birth,
): Promise<ChainDraft> {
  const { graph } = journal;
  const earlier = graph.chain(plan.agentId).filter((node) => node.type === "query");
  const first = earlier[0];
  const contexts = await Promise.all(
    request.contexts.map((context) => passOn(journal, parent.query, context)),
  );
  return await queryDraft(settings, journal, {
    agentId: plan.agentId,
    query: request.query,
    turn: earlier.length,
    depth: plan.depth,
    config: plan.config,
    contexts: first?.contexts ?? contexts,
    output: request.output,
    globals: first?.globals ?? { ...settings.globals, ...request.globals },
    seed: first?.seed ?? `${graph.run.runId}/${plan.agentId}`,
    parentId: delegation.id,
  });
}

async function passOn(journal: Journal, parent: QueryNode, context: PassedContext): Promise<ContextRef> {
  if (context.kind === "text")
    return { key: context.key, ...(await journal.store.payloads.putContext(context.text)) };
  const { slice } = context;
  const own = parent.contexts.find((ref) => ref.key === slice.key);
  if (own === undefined)
    throw new RLMError("invalid_options", `There is no context "${slice.key}" to pass on.`);
  const offset = own.range?.start ?? 0;
  return {
    key: context.key,
    digest: own.digest,
    characters: slice.end - slice.start,
    range: { start: offset + slice.start, end: offset + slice.end },
  };
}

/** Puts the contexts of a new run into its store. */
export async function storeContexts(
  journal: Journal,
  input: ContextInput | Readonly<Record<string, ContextInput>> | undefined,
): Promise<readonly ContextRef[]> {
  if (input === undefined) return [];
  const single = typeof input === "string" || isPayload(input);
  const entries: readonly (readonly [string, ContextInput])[] = single
    ? [["context", input]]
    : Object.entries(input);
  return await Promise.all(entries.map(([key, context]) => storeContext(journal, key, context)));
}

function isPayload(
  input: ContextInput | Readonly<Record<string, ContextInput>>,
): input is Exclude<ContextInput, string> {
  if (typeof input === "string") return false;
  const isText =
    "text" in input &&
    (typeof input.text === "string" ||
      (typeof input.text === "object" && Symbol.asyncIterator in input.text));
  return (
    isText || ("digest" in input && typeof input.digest === "string" && typeof input.characters === "number")
  );
}

async function storeContext(journal: Journal, key: string, context: ContextInput): Promise<ContextRef> {
  const metadata =
    typeof context !== "string" && context.metadata !== undefined ? { metadata: context.metadata } : {};
  if (typeof context === "object" && "digest" in context)
    return { key, digest: context.digest, characters: context.characters, ...metadata };
  const text = typeof context === "string" ? context : context.text;
  return { key, ...(await journal.store.payloads.putContext(text)), ...metadata };
}
