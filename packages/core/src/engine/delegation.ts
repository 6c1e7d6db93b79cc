import { type AgentState, taskEnd } from "../data/chain.ts";
import { type ErrorData, endsAgent, type Outcome } from "../data/node.ts";
import { callNodeId } from "../data/node-id.ts";
import type { Call } from "../protocols/runtime.ts";
import { type DelegateRequest, planChild, readDelegate, refusal } from "../turn/delegate.ts";
import type { AgentPort, Birth } from "./agent-port.ts";
import { childOf } from "./answers.ts";
import type { LiveBlock } from "./live-block.ts";
import { checkModelSchema } from "./model-schema.ts";

/** The answer to a `delegate` call, and the child to be born when it is not a refusal. */
export interface DelegateAnswer {
  readonly outcome: Outcome;
  readonly birth: Omit<Birth, "delegation"> | null;
}

/** Decides about a `delegate` call; nothing is appended and nobody is born here. */
export async function answerDelegate(
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
    ? newChild(port, block, parent, read.value, read.value.target)
    : furtherTask(port, parent, read.value, callNodeId(read.value.target.block, read.value.target.index));
}

function refused(error: ErrorData): DelegateAnswer {
  return { outcome: { ok: false, error }, birth: null };
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

function newChild(
  port: AgentPort,
  block: LiveBlock,
  parent: AgentState,
  request: DelegateRequest,
  name: string,
): DelegateAnswer {
  const { settings, journal } = port;
  const planned = planChild(journal.graph, request, name, {
    parentId: port.agentId,
    depth: parent.query.depth,
    config: parent.config,
    childMaxIterations: settings.config.childMaxIterations,
    childrenInBlock: block.children,
    models: [...settings.providers.keys()],
    runtimes: [...settings.runtimes.keys()],
  });
  if (!planned.ok) return refused(planned.error);
  const { agentId, depth } = planned.value;
  const runtime =
    request.runtime ??
    settings.runtimeFor?.({ agentId, depth, query: request.query, config: planned.value.config });
  const plan =
    runtime === undefined
      ? planned.value
      : { ...planned.value, config: { ...planned.value.config, runtime } };
  return { outcome: { ok: true, value: agentId }, birth: { plan, request, parent } };
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
  const first = agentId === null ? undefined : graph.chainAt(agentId, 0);
  if (agentId === null || first?.type !== "query")
    return refused(refusal("delegate(handle, query): this handle has no child.").error);
  const head = graph.head(agentId);
  if (head === undefined || !endsAgent(head) || taskEnd(graph, agentId, callId) === undefined) {
    return refused(refusal(`delegate(handle, query): ${agentId} is still at work; wait for it first.`).error);
  }
  if (request.contexts.length > 0)
    return refused(
      refusal(
        "delegate(handle, query): a further task works in the child's own REPL and can't bring a new context; put it into the query.",
      ).error,
    );
  return {
    outcome: { ok: true, value: agentId },
    birth: { plan: { agentId, depth: first.depth, config: first.config }, request, parent },
  };
}
