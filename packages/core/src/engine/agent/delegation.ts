import { type AgentState, agentState, queryEnd } from "../../data/graph/agent-state.ts";
import { callNodeId } from "../../data/ids.ts";
import { type ErrorData, endsAgent, type Outcome } from "../../data/node.ts";
import type { Call } from "../../protocols/runtime.ts";
import {
  type ChildPlan,
  type DelegateFacts,
  type DelegateRequest,
  planChild,
  planFurther,
  readDelegate,
  refusal,
  tooManyAgents,
} from "../../rules/delegate.ts";
import { checkModelSchema } from "../../schema/model-schema.ts";
import { childOf } from "../repl/answers.ts";
import type { LiveBlock } from "../repl/live-block.ts";
import type { AgentSettings } from "../resources/settings.ts";
import type { AgentPort, Delegation } from "./agent-port.ts";
import { inLanguage } from "./in-language.ts";
import { chooseRuntime } from "./query-draft.ts";

/** The answer to a `delegate` call, and the child to be made when it is not a refusal. */
export interface DelegateAnswer {
  readonly outcome: Outcome;
  readonly delegation: Omit<Delegation, "call"> | null;
}

/** Decides about a `delegate` call; nothing is appended and no child is made here. */
export async function answerDelegate(
  port: AgentPort,
  block: LiveBlock,
  parent: AgentState,
  call: Call,
): Promise<DelegateAnswer> {
  const { outcome, delegation } = await decide(port, block, parent, call);
  return { outcome: inLanguage(port.settings, parent, outcome), delegation };
}

async function decide(
  port: AgentPort,
  block: LiveBlock,
  parent: AgentState,
  call: Call,
): Promise<DelegateAnswer> {
  const read = readDelegate(call.args);
  if (!read.ok) return refused(read.error);
  const problem = requestProblem(parent, read.value);
  if (problem !== null) return refused(refusal(problem).error);
  return typeof read.value.target === "string"
    ? await newChild(port, block, parent, read.value, read.value.target)
    : furtherTask(port, parent, read.value, callNodeId(read.value.target.block, read.value.target.index));
}

function refused(error: ErrorData): DelegateAnswer {
  return { outcome: { ok: false, error }, delegation: null };
}

/** What is wrong with a request beyond its shape: its schema, or contexts that the parent does not have. */
function requestProblem(parent: AgentState, request: DelegateRequest): string | null {
  if (request.output !== null) {
    const checked = checkModelSchema(request.output);
    if (!checked.ok) return `delegate: output: ${checked.message}`;
  }
  const keys = new Set<string>();
  for (const context of request.contexts) {
    if (keys.has(context.key))
      return `delegate: there are two contexts named ${JSON.stringify(context.key)}.`;
    keys.add(context.key);
    if (context.kind !== "slice") continue;
    const own = parent.query.contexts.find((ref) => ref.key === context.slice.key);
    if (own === undefined) return `delegate: you have no context named ${JSON.stringify(context.slice.key)}.`;
    if (context.slice.end > own.characters)
      return `delegate: the slice ends at ${context.slice.end}, but the context has ${own.characters} characters.`;
  }
  return null;
}

async function newChild(
  port: AgentPort,
  block: LiveBlock,
  parent: AgentState,
  request: DelegateRequest,
  name: string,
): Promise<DelegateAnswer> {
  const facts = factsOf(port.settings, parent, block);
  const planned = planChild(port.journal.graph, request, name, facts);
  if (!planned.ok) return refused(planned.error);
  const plan = withRuntime(port.settings, planned.value, request);
  // Others delegate while the answer is written: the limit on agents counts the child from now on.
  const { maxAgents } = parent.config;
  if (!(await port.children.reserve(plan.agentId, maxAgents))) return refused(tooManyAgents(maxAgents).error);
  return { outcome: { ok: true, value: plan.agentId }, delegation: { plan, request, parent } };
}

/** What a plan for a child of this agent depends on. */
export function factsOf(
  settings: AgentSettings,
  parent: AgentState,
  { children, promised }: Pick<LiveBlock, "children" | "promised">,
): DelegateFacts {
  return {
    parentId: parent.query.agentId,
    depth: parent.query.depth,
    config: parent.config,
    childMaxIterations: settings.config.childMaxIterations,
    childrenInBlock: children,
    promised,
    models: [...settings.models.keys()],
    runtimes: [...settings.languages.keys()],
  };
}

/** The plan with the runtime that the flow chooses where the request has not. Throws `invalid_options`. */
export function withRuntime(settings: AgentSettings, plan: ChildPlan, request: DelegateRequest): ChildPlan {
  if (request.runtime !== undefined || settings.runtimeFor === null) return plan;
  const { agentId, depth, config } = plan;
  const runtime = chooseRuntime(settings, { agentId, depth, query: request.query, config });
  return { ...plan, config: { ...config, runtime } };
}

/** `delegate(handle, query)`: a finished child goes on in its own REPL. */
function furtherTask(
  port: AgentPort,
  parent: AgentState,
  request: DelegateRequest,
  callId: string,
): DelegateAnswer {
  const { graph } = port.journal;
  const delegation = graph.find(callId);
  const known =
    delegation?.type === "call" && delegation.name === "delegate" && delegation.agentId === port.agentId;
  const agentId = known ? childOf(delegation) : null;
  const child = agentId === null ? undefined : agentState(graph, agentId);
  if (agentId === null || child === undefined)
    return refused(refusal("delegate(handle, query): this handle has no child.").error);
  if (!endsAgent(child.head) || queryEnd(graph, agentId, callId) === undefined)
    return refused(refusal(`delegate(handle, query): ${agentId} is still at work; wait for it first.`).error);
  const planned = planFurther(child, request, [...port.settings.models.keys()]);
  if (!planned.ok) return refused(planned.error);
  return { outcome: { ok: true, value: agentId }, delegation: { plan: planned.value, request, parent } };
}
