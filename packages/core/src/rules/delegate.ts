import type { AgentConfig } from "../data/agent-config.ts";
import type { AgentState } from "../data/graph/agent-state.ts";
import type { Graph } from "../data/graph/graph.ts";
import { chainNodeId, cleanAgentName } from "../data/ids.ts";
import { isJsonObject, type JsonObject, type JsonSchema, type JsonValue } from "../data/json.ts";
import type { ErrorData } from "../data/node.ts";
import { counted } from "../data/words.ts";
import type { HandleRef, PassedContext } from "../protocols/runtime.ts";
import { jsonLine } from "./json-line.ts";

/** A `delegate` call whose arguments have the right shape. */
export interface DelegateRequest {
  /** A name for a new child, or the handle of a finished one that gets a further query. */
  readonly target: string | HandleRef;
  readonly query: string;
  readonly contexts: readonly PassedContext[];
  readonly model: string | undefined;
  readonly runtime: string | undefined;
  readonly output: JsonSchema | null;
  readonly globals: JsonObject;
  readonly limits: {
    readonly maxIterations?: number;
    readonly maxTotalTokens?: number;
    readonly maxCostUsd?: number;
  };
}

/** What the engine knows that a plan for a child depends on. */
export interface DelegateFacts {
  readonly parentId: string;
  readonly depth: number;
  /** The parent's limits in force. */
  readonly config: AgentConfig;
  readonly childMaxIterations: number;
  /** Children that this block has delegated to so far. */
  readonly childrenInBlock: number;
  /** Ids of children that were planned and are not in the graph yet. */
  readonly promised: ReadonlySet<string>;
  readonly models: readonly string[];
  readonly runtimes: readonly string[];
}

/** A child to be made. */
export interface ChildPlan {
  readonly agentId: string;
  readonly depth: number;
  readonly config: AgentConfig;
}

/** A value, or why there is none, as an error for the code. */
export type Planned<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ErrorData };

const OPTIONS = [
  "contexts",
  "model",
  "runtime",
  "maxIterations",
  "maxTotalTokens",
  "maxCostUsd",
  "output",
  "globals",
];

/** Names that models use for the option `output`. */
const OUTPUT_ALIASES = [
  "schema",
  "outputSchema",
  "output_schema",
  "responseSchema",
  "response_schema",
  "jsonSchema",
];
/** Names that models use for the option `context`, in lower case. */
const CONTEXT_WORDS = [
  "ctx",
  "input",
  "inputs",
  "data",
  "text",
  "content",
  "document",
  "documents",
  "payload",
];
/** A query of this many characters is more likely an input than something to do. */
const LONG_QUERY = 2_000;

/** An error for the code that delegated. */
export function refusal(message: string): { readonly ok: false; readonly error: ErrorData } {
  return { ok: false, error: { name: "DelegateError", message } };
}

/** The refusal of a child that would be one agent of the run too many. */
export function tooManyAgents(maxAgents: number): { readonly ok: false; readonly error: ErrorData } {
  return refusal(
    `delegate: the run has its ${counted(maxAgents, "agent")} (maxAgents); do this part yourself.`,
  );
}

/** Checks the arguments of a `delegate` call as they crossed the boundary. */
export function readDelegate(args: readonly JsonValue[]): Planned<DelegateRequest> {
  const [target, query, options = {}] = args;
  const handle = isJsonObject(target) && typeof target.block === "string" && typeof target.index === "number";
  if (typeof target !== "string" && !handle)
    return refusal(
      "delegate(name, query, options): the name must be a string, or the handle of a finished child.",
    );
  if (typeof query !== "string" || query.trim() === "")
    return refusal("delegate(name, query, options): the query must be a non-empty string.");
  if (!isJsonObject(options))
    return refusal("delegate(name, query, options): the options must be an object.");
  const known = withAliases(options);
  const unknown = Object.keys(known).filter((key) => !OPTIONS.includes(key));
  if (unknown.length > 0) return unknownOptions(unknown);
  if (
    typeof target === "string" &&
    isTask(target) &&
    query.length >= LONG_QUERY &&
    known.contexts === undefined
  )
    return refusal(
      `delegate(name, query, options): your name reads like a task and your query (${query.length} characters) like its input, so no child was started. Give a short name first, then ${jsonLine(target, 200)} as the query, and pass the long text with the option context.`,
    );
  return readOptions(target as string | (HandleRef & JsonObject), query, known);
}

/** The options, with `output` in place of another name for it. */
function withAliases(options: JsonObject): JsonObject {
  const [alias, ...others] = Object.keys(options).filter((key) => OUTPUT_ALIASES.includes(key));
  if (alias === undefined || others.length > 0 || options.output !== undefined) return options;
  const { [alias]: output = true, ...rest } = options;
  return { ...rest, output };
}

function unknownOptions(names: readonly string[]) {
  const meant = names.every((name) => CONTEXT_WORDS.includes(name.toLowerCase()))
    ? " Did you mean context?"
    : "";
  const known = ["context", ...OPTIONS.slice(1)].join(", ");
  return refusal(`delegate: unknown option ${names.join(", ")}.${meant} Options: ${known}.`);
}

function isTask(name: string): boolean {
  return /^\s*(?:\S+\s+){3}\S/.test(name);
}

function readOptions(
  target: string | (HandleRef & JsonObject),
  query: string,
  options: JsonObject,
): Planned<DelegateRequest> {
  const {
    model,
    runtime,
    output,
    globals,
    contexts = [],
    maxIterations,
    maxTotalTokens,
    maxCostUsd,
  } = options;
  const limits: Record<string, number> = {};
  for (const [name, value] of Object.entries({ maxIterations, maxTotalTokens, maxCostUsd })) {
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value > 0) || value > Number.MAX_SAFE_INTEGER)
      return refusal(`delegate: ${name} must be a positive number.`);
    limits[name] = name === "maxCostUsd" ? value : Math.ceil(value);
  }
  if (model !== undefined && typeof model !== "string")
    return refusal("delegate: model must be the name of a model.");
  if (runtime !== undefined && typeof runtime !== "string")
    return refusal("delegate: runtime must be the name of a runtime.");
  if (globals !== undefined && !isJsonObject(globals))
    return refusal("delegate: globals must be an object of JSON values.");
  if (output !== undefined && typeof output !== "boolean" && !isJsonObject(output))
    return refusal("delegate: output must be a JSON Schema.");
  const passed = readContexts(contexts);
  if (passed === null)
    return refusal("delegate: context must be text, CONTEXT.slice(start, end), or an object of those.");
  return {
    ok: true,
    value: {
      target,
      query,
      contexts: passed,
      model,
      runtime,
      output: output ?? null,
      globals: globals ?? {},
      limits,
    },
  };
}

function readContexts(contexts: JsonValue): readonly PassedContext[] | null {
  if (!Array.isArray(contexts)) return null;
  const passed: PassedContext[] = [];
  for (const context of contexts) {
    if (!isJsonObject(context) || typeof context.key !== "string") return null;
    const { kind, key, text, slice } = context;
    if (kind === "text" && typeof text === "string") passed.push({ kind, key, text });
    else if (kind === "slice" && isJsonObject(slice)) {
      const { key: from, start, end } = slice;
      if (typeof from !== "string" || !isPosition(start) || !isPosition(end) || end < start) return null;
      passed.push({ kind, key, slice: { key: from, start, end } });
    } else return null;
  }
  return passed;
}

function isPosition(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** The child that a request asks for, or the refusal. Pure: the graph tells which names are taken. */
export function planChild(
  graph: Graph,
  request: DelegateRequest,
  name: string,
  facts: DelegateFacts,
): Planned<ChildPlan> {
  const { config, depth } = facts;
  if (depth >= config.maxDepth)
    return refusal(`delegate: the maximum depth of ${config.maxDepth} is reached; do this part yourself.`);
  if (facts.childrenInBlock >= config.maxChildren)
    return refusal(
      `delegate: one block may delegate to ${counted(config.maxChildren, "child", "children")} (maxChildren); put the rest into the next block or make the parts larger.`,
    );
  const { model = config.model, runtime = config.runtime } = request;
  if (!facts.models.includes(model)) return unknownName("model", model, facts.models);
  if (!facts.runtimes.includes(runtime)) return unknownName("runtime", runtime, facts.runtimes);
  const agentId = freeName(graph, facts, name);
  return { ok: true, value: { agentId, depth: depth + 1, config: childConfig(request, facts) } };
}

/** The limits and choices of a new child: the parent's, made tighter by what the request asks for. */
export function childConfig(
  request: DelegateRequest,
  { config, childMaxIterations }: DelegateFacts,
): AgentConfig {
  const { model = config.model, runtime = config.runtime, limits } = request;
  const most = Math.max(childMaxIterations, config.maxIterations);
  return {
    ...config,
    model,
    runtime,
    maxIterations: Math.min(limits.maxIterations ?? childMaxIterations, most),
    maxTotalTokens: smaller(limits.maxTotalTokens, config.maxTotalTokens),
    maxCostUsd: smaller(limits.maxCostUsd, config.maxCostUsd),
  };
}

/**
 * A further query for a finished child. It works in the REPL it has, so that a request can't bring what the
 * REPL is made of; a model and the number of replies hold for this query.
 */
export function planFurther(
  child: Pick<AgentState, "query" | "config">,
  request: DelegateRequest,
  models: readonly string[],
): Planned<ChildPlan> {
  const { query, config } = child;
  const { contexts, globals, runtime, limits, model = config.model } = request;
  if (contexts.length > 0 || Object.keys(globals).length > 0 || runtime !== undefined)
    return refusal(
      "delegate(handle, query): a further query works in the child's own REPL and can't bring a context, globals or a runtime; put what is new into the query.",
    );
  if (limits.maxTotalTokens !== undefined || limits.maxCostUsd !== undefined)
    return refusal(
      "delegate(handle, query): the child keeps the maxTotalTokens and maxCostUsd of its first query.",
    );
  if (!models.includes(model)) return unknownName("model", model, models);
  const maxIterations = Math.min(limits.maxIterations ?? config.maxIterations, config.maxIterations);
  return {
    ok: true,
    value: { agentId: query.agentId, depth: query.depth, config: { ...config, model, maxIterations } },
  };
}

function unknownName(kind: "model" | "runtime", name: string, known: readonly string[]) {
  const all = `${kind === "model" ? "Models" : "Runtimes"}: ${known.join(", ")}`;
  return refusal(`delegate: there is no ${kind} ${JSON.stringify(name)}. ${all}.`);
}

function smaller(wanted: number | undefined, given: number | null): number | null {
  if (wanted === undefined) return given;
  return given === null ? wanted : Math.min(wanted, given);
}

/** The child's id: the cleaned name below its parent, with the first suffix found free. */
export function freeName(
  graph: Graph,
  { parentId, promised }: Pick<DelegateFacts, "parentId" | "promised">,
  name: string,
): string {
  const wanted = `${parentId}.${cleanAgentName(name)}`;
  const taken = (id: string) => promised.has(id) || graph.find(chainNodeId(id, 0)) !== undefined;
  if (!taken(wanted)) return wanted;
  // Suffixes are given out in order, so the first free one is found by doubling and halving.
  let high = 1;
  while (taken(`${wanted}_${high}`)) high *= 2;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (taken(`${wanted}_${middle}`)) low = middle;
    else high = middle;
  }
  return `${wanted}_${high}`;
}
