import { type AgentState, agentState } from "../../data/graph/agent-state.ts";
import type { ChainNode } from "../../data/node.ts";
import { counted, sentences } from "../../data/words.ts";
import { RLMError } from "../../errors.ts";
import { isBrokenInvariant } from "../../invariant.ts";
import type { Message } from "../../protocols/client.ts";
import { explainCut, explainToolCalls } from "../../rules/reply-notes.ts";
import type { ChainDraft } from "../store/node-draft.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import { errorData } from "./error-data.ts";
import { lastOffer } from "./last-offer.ts";
import { attemptsOf, type RequestOutcome, request } from "./request.ts";
import { nextRequestKey } from "./request-key.ts";
import { understandReply } from "./understand-reply.ts";

/** The transition from an agent's chain to its model's reply. */
export async function askModel(port: AgentPort, state: AgentState, final: boolean): Promise<TransitionEnd> {
  const startedAt = port.journal.environment.now();
  try {
    const first = await send(port, state, final, false);
    if (first.kind === "answered") return await takeReply(port, state, first, { startedAt, final });
    const last = await send(port, state, true, true);
    if (last.kind === "answered")
      return await takeReply(port, state, last, { startedAt, final: true, limit: first.limit });
    return await endExhausted(port, state, last.limit);
  } catch (error) {
    const resting = port.signals.rest.aborted && RLMError.is(error, "aborted");
    if (port.signals.stop.aborted || resting) port.inFlight.cut.push(...attemptsOf(error));
    if (port.signals.stop.aborted || port.journal.failure !== null || isBrokenInvariant(error)) throw error;
    // Nothing is in flight: the agent asks when the run goes on.
    if (resting) return { kind: "moved" };
    return await endFailed(port, error, startedAt);
  }
}

async function send(
  port: AgentPort,
  state: AgentState,
  final: boolean,
  squeeze: boolean,
): Promise<RequestOutcome> {
  const { journal, agentId } = port;
  const systemPrompt =
    (await journal.unpack(state.query.systemPrompt, state.query.blobs?.systemPrompt)) ?? "";
  const { settings, signals } = port;
  const { conversation } = port.inFlight;
  return await request(port, {
    model: state.config.model,
    messages: () => messagesOf(port, state, systemPrompt, final),
    // A seam's messages may change from request to request, so they are digested as a whole each time.
    ...(settings.messages === null && {
      digest: conversation.digest(settings.environment, journal.promptSums),
    }),
    effectKey: nextRequestKey(journal.graph, agentId),
    signal: signals.stop,
    rest: signals.rest,
    caller: { agentId, turn: state.replies, purpose: "act" },
    onText: (text) => port.tell({ type: "text", text }),
    onRetry: (retry) => port.tell({ type: "retry", ...retry }),
    // The REPL opens while the model answers.
    ...(state.head.type === "query" && { onAdmitted: () => port.repls.prepare(agentId, signals.stop) }),
    squeeze,
  });
}

/** The name of the agent's model; its key stands in where no client has that key. */
function modelName({ settings }: AgentPort, { config }: AgentState): string {
  return settings.models.get(config.model)?.name ?? config.model;
}

function messagesOf(
  port: AgentPort,
  state: AgentState,
  systemPrompt: string,
  final: boolean,
): readonly Message[] {
  const { agentId, inFlight } = port;
  const { graph } = port.journal;
  const { maxMessages } = state.config;
  const standard = inFlight.conversation.messages(graph, agentId, { systemPrompt, maxMessages, final });
  const { messages } = port.settings;
  if (messages === null) return standard;
  try {
    const made: unknown = messages(graph.chain(agentId), standard);
    if (Array.isArray(made) && made.length > 0) return made;
    throw new TypeError("it gave no messages");
  } catch (cause) {
    throw new RLMError("invalid_options", `the option messages failed: ${errorData(cause).message}`, {
      cause,
    });
  }
}

interface ReplyFacts {
  readonly startedAt: number;
  readonly final: boolean;
  readonly limit?: { readonly name: string; readonly value: number };
}

async function takeReply(
  port: AgentPort,
  state: AgentState,
  { answered: { reply, attempts }, digest }: Extract<RequestOutcome, { readonly kind: "answered" }>,
  facts: ReplyFacts,
): Promise<TransitionEnd> {
  const language = port.settings.languages.get(state.query.config.runtime);
  if (language === undefined)
    throw new RLMError("invalid_options", `This flow has no runtime "${state.query.config.runtime}".`);
  const schema = port.schemaOf(state.query);
  const found = await understandReply(reply, { language, state, schema, final: facts.final });
  const called = explainToolCalls(reply);
  const action = {
    type: "action",
    startedAt: facts.startedAt,
    reply: reply.text,
    code: found.kind === "code" ? found.code : null,
    notice: found.kind === "code" ? joined(found.notice ?? "", called) || null : null,
    model: reply.model,
    usage: reply.usage,
    finishReason: reply.finishReason,
    request: digest,
    requestDigest: "chain",
    attempts: [...port.inFlight.cut.splice(0), ...attempts],
    final: facts.final,
    ...(facts.limit !== undefined && { limit: facts.limit }),
  } as const;
  const drafts: ChainDraft[] = [action];
  const refused = reply.finishReason === "refused" || reply.finishReason === "filtered";
  if (refused) {
    const message = `The model refused to answer (${reply.finishReason}).`;
    drafts.push({
      type: "error",
      kind: "refused",
      message,
      content: reply.text === "" ? message : reply.text,
      fatal: true,
    });
  } else if (found.kind !== "code") {
    const kind = found.kind === "none" ? "no_code" : "unclosed_code";
    const content = joined(called, explainCut(reply), found.message);
    drafts.push({ type: "error", kind, message: firstLine(content), content, fatal: false });
  }
  await port.journal.appendChain(port.agentId, drafts);
  if (refused) await port.children.cancel("its parent failed");
  return { kind: refused ? "ended" : "moved" };
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

async function endFailed(port: AgentPort, error: unknown, startedAt: number): Promise<TransitionEnd> {
  const message = error instanceof Error ? error.message : String(error);
  const attempts = [...port.inFlight.cut.splice(0), ...attemptsOf(error)];
  const code = RLMError.is(error) ? error.code : "request_failed";
  const state = agentState(port.journal.graph, port.agentId);
  port.tell({ type: "failed", error });
  await port.journal.appendChain(port.agentId, [
    {
      type: "error",
      kind: "request_failed",
      startedAt,
      message: `The request to model "${state === undefined ? "" : modelName(port, state)}" failed: ${message}`,
      content: lastOutput(port),
      fatal: true,
      attempts,
      details: { code },
    },
  ]);
  await port.children.cancel("its parent failed");
  return { kind: "ended" };
}

/**
 * Ends an agent that has reached a limit; the error carries its last output. A block that was running or
 * suspended is undone, so that the agent can go on when the limit is raised.
 */
export async function endExhausted(
  port: AgentPort,
  state: AgentState,
  limit: { readonly name: string; readonly value: number },
): Promise<TransitionEnd> {
  const inBlock = state.head.type === "action" || state.head.type === "supervising";
  const dropped = inBlock ? port.journal.graph.lastAction(port.agentId)?.id : undefined;
  const attempts = await port.inFlight.unrecorded();
  const reached = `Agent ${port.agentId} reached ${limit.name} = ${limit.value} after ${counted(state.iterations, "reply", "replies")} without an answer.`;
  const message = sentences(reached, await lastOffer(port.journal, port.agentId));
  await port.journal.appendChain(port.agentId, [
    {
      type: "error",
      kind: "limit_reached",
      message,
      content: lastOutput(port),
      fatal: true,
      limit,
      ...(dropped !== undefined && { dropped }),
      ...(attempts.length > 0 && { attempts }),
    },
  ]);
  await port.children.cancel("its parent reached a limit");
  return { kind: "ended" };
}

/** What the agent was shown last. */
function lastOutput(port: AgentPort): string {
  const chain = port.journal.graph.chain(port.agentId);
  const shows = (node: ChainNode) =>
    node.type === "observation" || node.type === "resume" || node.type === "error";
  const last = chain.findLast((node) => shows(node));
  return last !== undefined && "content" in last ? last.content : "";
}
