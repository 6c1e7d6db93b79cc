import type { AgentState } from "../../data/graph/agent-state.ts";
import { intentNodeId } from "../../data/ids.ts";
import type { JsonValue } from "../../data/json.ts";
import type { CallNode, Outcome } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { ActivationState, Call } from "../../protocols/runtime.ts";
import { awaitedQueries, endIds, hasEnded, recordedOutcome } from "../repl/answers.ts";
import type { LiveBlock } from "../repl/live-block.ts";
import { orderResumed } from "../repl/order-resumed.ts";
import type { CallDraft } from "../store/node-draft.ts";
import type { AgentPort, Delegation } from "./agent-port.ts";
import { approveCall, needsApproval } from "./approve-call.ts";
import { answerDelegate } from "./delegation.ts";
import { inLanguage } from "./in-language.ts";
import type { Approval, Finished, MailboxEntry } from "./mailbox.ts";
import { performCall } from "./perform-call.ts";
import { childDraft } from "./query-draft.ts";

/** Delegations answered in one append, at most: the children of these begin before the next are planned. */
const MOST_TOGETHER = 32;

/** How far a block got. */
export type BlockOutcome =
  | { readonly kind: "ended" }
  | { readonly kind: "threw" }
  | { readonly kind: "suspended" }
  | { readonly kind: "deadlock" }
  | { readonly kind: "done"; readonly value: JsonValue }
  | { readonly kind: "lost"; readonly state: Extract<ActivationState, { kind: "lost" }> };

/**
 * Drives one block from where it stands to its end or its suspension. Owns nothing: all state is in the block.
 * 1. An answer is in the log before the REPL sees it.
 * 2. Answers that are known together may be appended together, but each is delivered alone (live-block.ts, invariant 2).
 * 3. Calls begin in the order of their index, and none begins after a `done` whose verdict is open.
 * Rejects with `aborted` when the port's signal aborts.
 */
export async function driveBlock(
  port: AgentPort,
  block: LiveBlock,
  state: AgentState,
): Promise<BlockOutcome> {
  for (;;) {
    if (port.signals.stop.aborted)
      throw new RLMError("aborted", `Agent ${port.agentId} was stopped inside block ${block.action.id}.`);
    if (block.state.kind === "lost") return { kind: "lost", state: block.state };
    const rebuilt = block.begun === 0;
    await begin(port, block, state);
    if (rebuilt) orderResumed(port.journal.graph, block);
    if (block.accepted !== null && block.running.size === 0)
      return { kind: "done", value: block.accepted.value };
    const next = block.accepted === null ? nextInLine(block) : undefined;
    if (next !== undefined) {
      await (next.name === "wait" ? openWaits : delegateAll)(port, block, state, next);
      continue;
    }
    const entry =
      block.running.size > 0
        ? await port.inFlight.mailbox.next(port.signals.stop)
        : restingEntry(port, block);
    if (entry === undefined) return restingOutcome(block);
    await take(port, block, state, entry);
  }
}

/** With no effect in flight only the end of a child can move a block that has not ended. */
function restingEntry(port: AgentPort, block: LiveBlock): MailboxEntry | undefined {
  return block.ended === null && block.waits.size > 0 ? port.inFlight.mailbox.take() : undefined;
}

function restingOutcome(block: LiveBlock): BlockOutcome {
  if (block.ended !== null) return { kind: block.ended.kind };
  return block.waits.size > 0 ? { kind: "suspended" } : { kind: "deadlock" };
}

/** Begins the calls that were issued, in order: effects are started, the rest is lined up. */
async function begin(port: AgentPort, block: LiveBlock, state: AgentState): Promise<void> {
  while (block.begun < block.issued.length && block.doneIndex === null && block.accepted === null) {
    const call = block.issued[block.begun];
    block.begun += 1;
    if (call === undefined || block.settled.has(call.index)) continue;
    if (call.name === "done") block.doneIndex = call.index;
    if (block.running.has(call.index)) continue;
    if (call.name === "delegate" || call.name === "wait") block.immediate.push(call.index);
    else await startEffect(port, block, state, call);
  }
}

async function startEffect(port: AgentPort, block: LiveBlock, state: AgentState, call: Call): Promise<void> {
  const { journal } = port;
  const startedAt = journal.environment.now();
  const { id: actionId } = block.action;
  const { index } = call;
  block.running.add(index);
  const begun = journal.graph.find(intentNodeId(actionId, index)) !== undefined;
  if (begun) {
    port.inFlight.mailbox.put({
      kind: "effect",
      actionId,
      index,
      startedAt,
      finished: outcomeUnknown(call),
    });
    return;
  }
  if (!needsApproval(port, call)) return await makeCall(port, block, state, { call, startedAt });
  void approveCall(port, { actionId, call, state }).then((approval) =>
    port.inFlight.mailbox.put({ kind: "approval", actionId, index, startedAt, approval }),
  );
}

/** A call that is about to be made, with the policy's decision about it. */
interface BegunCall {
  readonly call: Call;
  readonly startedAt: number;
  readonly approval?: Approval;
}

async function makeCall(
  port: AgentPort,
  block: LiveBlock,
  state: AgentState,
  { call, startedAt, approval = { kind: "call" } }: BegunCall,
): Promise<void> {
  const { id: actionId } = block.action;
  const { index, name, args } = call;
  const finish = (finished: Finished) =>
    port.inFlight.mailbox.put({ kind: "effect", actionId, index, startedAt, finished });
  if (approval.kind === "refused")
    return finish({ outcome: { ok: false, error: approval.error }, origin: "policy" });
  const { changedArgs } = approval;
  const change = changedArgs === undefined ? {} : ({ origin: "policy", changedArgs } as const);
  // Not before the policy has decided: a crash until then leaves no doubt that the call was not made.
  if (port.settings.tools.get(name)?.repeat === "never") {
    const intent = { index, name, args, outcome: null, startedAt, intent: true, ...change } as const;
    await port.journal.appendCall(block.action, intent);
  }
  const made = changedArgs === undefined ? call : { ...call, args: changedArgs };
  const effect = performCall(port, { actionId, call: made, state }).then((finished) =>
    finish({ ...finished, ...change }),
  );
  if (call.name !== "llmQuery") return;
  port.inFlight.queries.add(effect);
  void effect.then(() => port.inFlight.queries.delete(effect));
}

function outcomeUnknown(call: Call): Finished {
  const message = `${call.name} was called before, but its outcome was lost; it is not called again. Find out whether it took effect.`;
  return { outcome: { ok: false, error: { name: "outcome_unknown", message } } };
}

async function take(
  port: AgentPort,
  block: LiveBlock,
  state: AgentState,
  entry: MailboxEntry,
): Promise<void> {
  if (entry.kind === "child") {
    return await answerWaits(port, block, state, block.waits.settle(entry.callId));
  }
  // What an earlier, undone block still had in flight is nobody's answer any more.
  const call = block.issued[entry.index];
  if (entry.actionId !== block.action.id || call === undefined || !block.running.has(entry.index)) return;
  const { startedAt } = entry;
  if (entry.kind === "approval")
    return await makeCall(port, block, state, { call, startedAt, approval: entry.approval });
  block.running.delete(entry.index);
  const { finished } = entry;
  if (finished.accepted !== undefined) {
    block.accepted = finished.accepted;
    return;
  }
  if (block.doneIndex === entry.index) block.doneIndex = null;
  const { outcome, usage, attempts, origin, changedArgs } = finished;
  await answer(port, block, call, {
    index: call.index,
    name: call.name,
    args: call.args,
    outcome,
    startedAt,
    ...(usage !== undefined && { usage }),
    ...(attempts !== undefined && { attempts }),
    ...(origin !== undefined && { origin }),
    ...(changedArgs !== undefined && { changedArgs }),
  });
}

/** Answers the delegations that are next in line: the log gets the answers all in one append, the REPL each on its own. */
async function delegateAll(port: AgentPort, block: LiveBlock, state: AgentState, first: Call): Promise<void> {
  const { journal, settings, children } = port;
  const drafts: CallDraft[] = [];
  const delegations = new Map<number, Omit<Delegation, "call">>();
  for (let call: Call | undefined = first; call?.name === "delegate"; call = nextInLine(block)) {
    if (drafts.length === MOST_TOGETHER || (drafts.length > 0 && !isForNewChild(call))) break;
    const { index, name, args } = call;
    const startedAt = journal.environment.now();
    const answer = await answerDelegate(port, block, state, call).catch((error: unknown) => {
      // What went wrong ends the block, but not before the delegations in front of it are made.
      if (drafts.length === 0) throw error;
      return null;
    });
    if (answer === null) break;
    block.immediate.shift();
    const { outcome, delegation } = answer;
    drafts.push({ index, name, args, outcome, startedAt });
    if (delegation === null) continue;
    delegations.set(index, delegation);
    block.children += 1;
    block.promised.add(delegation.plan.agentId);
  }
  const nodes = await journal.appendDelegations(block.action, drafts, async (node, kept) => {
    const delegation = delegations.get(node.index);
    if (delegation === undefined) return;
    const query = await childDraft(settings, journal, { ...delegation, call: node });
    await children.spawn(delegation.plan.agentId, query, kept);
  });
  block.promised.clear();
  await deliverAll(port, block, state, nodes);
}

/** Whether a child may get a further query is read off the log, which has to have every answer before that. */
function isForNewChild({ args: [target] }: Call): boolean {
  return typeof target === "string";
}

/** Opens the waits that are next in line, and answers those that are complete. */
async function openWaits(port: AgentPort, block: LiveBlock, state: AgentState, first: Call): Promise<void> {
  const { graph } = port.journal;
  const complete: number[] = [];
  for (let call: Call | undefined = first; call?.name === "wait"; call = nextInLine(block)) {
    const queries = awaitedQueries(graph, port.agentId, call);
    if (queries === null && complete.length > 0) break;
    block.immediate.shift();
    if (queries === null) return await refuseWait(port, block, state, call);
    if (block.waits.open(call.index, queries, (query) => hasEnded(graph, query))) complete.push(call.index);
  }
  await answerWaits(port, block, state, complete);
}

function nextInLine({ issued, immediate: [index] }: LiveBlock): Call | undefined {
  return index === undefined ? undefined : issued[index];
}

async function refuseWait(port: AgentPort, block: LiveBlock, state: AgentState, call: Call): Promise<void> {
  const error = {
    name: "TypeError",
    message: "wait(...handles): every argument must be a handle that delegate gave to this agent.",
  };
  await answer(port, block, call, {
    index: call.index,
    name: "wait",
    args: call.args,
    outcome: inLanguage(port.settings, state, { ok: false, error }),
    startedAt: port.journal.environment.now(),
  });
}

/** Complete waits: the log gets the ids of the nodes that own the results, all in one append; the REPL the results. */
async function answerWaits(
  port: AgentPort,
  block: LiveBlock,
  state: AgentState,
  indices: readonly number[],
): Promise<void> {
  const { journal } = port;
  const startedAt = journal.environment.now();
  const drafts = indices.map((index) => {
    const queries = block.waits.queries(index);
    block.waits.close(index);
    const outcome: Outcome = { ok: true, value: endIds(journal.graph, queries) };
    return {
      index,
      name: "wait",
      args: queries.map((query) => query.agentId ?? query.callId),
      outcome,
      startedAt,
    };
  });
  await deliverAll(port, block, state, await journal.appendCalls(block.action, drafts));
}

/** Gives the REPL answers that are in the log. */
async function deliverAll(
  port: AgentPort,
  block: LiveBlock,
  state: AgentState,
  nodes: readonly CallNode[],
): Promise<void> {
  for (const node of nodes) {
    if (port.signals.stop.aborted || block.state.kind === "lost") return;
    await deliver(port, block, node.index, await recordedOutcome(port.journal, node), node.endedAt);
    // What the code calls now does not have to wait until it has heard the rest.
    await begin(port, block, state);
  }
}

async function answer(port: AgentPort, block: LiveBlock, call: Call, draft: CallDraft): Promise<void> {
  const late = block.accepted !== null;
  const node = await port.journal.appendCall(block.action, late ? { ...draft, undelivered: true } : draft);
  if (late) block.settle(call.index);
  else if (draft.outcome !== null) await deliver(port, block, call.index, draft.outcome, node.endedAt);
}

async function deliver(
  port: AgentPort,
  block: LiveBlock,
  index: number,
  outcome: Outcome,
  now: number,
): Promise<void> {
  const activation = await block.deliver({ index, outcome, now });
  if (activation.output !== "") port.tell({ type: "output", text: activation.output });
}
