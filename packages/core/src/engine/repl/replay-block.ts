import { callNodeId } from "../../data/ids.ts";
import type { ActionNode, CallNode } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { Call, ReplSession } from "../../protocols/runtime.ts";
import type { Journal } from "../store/journal.ts";
import { recordedOutcome, storedArguments } from "./answers.ts";
import { blockEnd, LiveBlock, suspensions } from "./live-block.ts";

/**
 * Runs a block's code with the answers the log has for it, in the order in which they were delivered.
 * A block without recorded answers is thereby started. Throws `replay_diverged` when the code asks for
 * something else than recorded; ends early when the sandbox is lost.
 */
export async function replayBlock(
  journal: Journal,
  session: ReplSession,
  action: ActionNode,
  running?: Set<number>,
): Promise<LiveBlock> {
  const block = new LiveBlock(action, session, journal.environment.now(), running);
  const suspendedAt = suspensions(journal.graph, action).at(-1)?.n ?? -1;
  const calls = journal.graph.calls(action.id);
  const hasEnded = blockEnd(journal.graph, action) !== null;
  const replayed = hasEnded || suspendedAt >= 0 || calls.length > 0;
  block.absorb(
    await session.start({ id: action.id, code: action.code ?? "", now: action.endedAt, replayed }),
  );
  // What was written before the suspension stands in its node: from there on it is counted anew.
  let inNode = suspendedAt >= 0;
  for (const [place, node] of calls.entries()) {
    if (block.state.kind === "lost") return block;
    if (inNode && node.n > suspendedAt) {
      block.reset(journal.environment.now());
      inNode = false;
    }
    await replayCall(journal, block, node, hasEnded || node.n < suspendedAt || place < calls.length - 1);
  }
  if (inNode) block.reset(journal.environment.now());
  return block;
}

/**
 * Runs a block again that had ended: it must have no more to ask for than the log has. Throws `replay_diverged`.
 * Open in the end may only be waits that were given up and, where an answer was accepted, its `done` and what came
 * behind it.
 */
export async function replayEnded(
  journal: Journal,
  session: ReplSession,
  action: ActionNode,
): Promise<LiveBlock> {
  const block = await replayBlock(journal, session, action);
  const end = blockEnd(journal.graph, action);
  if (block.state.kind === "lost" || end === null) return block;
  for (const call of block.issued) {
    if (block.settled.has(call.index) || call.name === "wait") continue;
    if (end.type === "result" && call.name === "done") return block;
    throw unrecorded(block, call);
  }
  if (end.type === "result") throw unanswered(block);
  return block;
}

/** `replayed` says that code went on after this answer: what it did then is on record. */
async function replayCall(
  journal: Journal,
  block: LiveBlock,
  node: CallNode,
  replayed: boolean,
): Promise<void> {
  const { action } = block;
  const issued = block.issued[node.index];
  const recorded = await journal.unpack(node.args, node.blobs?.args);
  const asked = issued === undefined ? null : storedArguments(journal.graph, action.agentId, issued);
  if (
    issued === undefined ||
    issued.name !== node.name ||
    JSON.stringify(asked) !== JSON.stringify(recorded)
  ) {
    throw diverged(node, issued?.name ?? null, recorded, asked);
  }
  if (node.name === "delegate" && node.outcome?.ok === true) block.children += 1;
  if (node.undelivered === true) return block.settle(node.index);
  const outcome = await recordedOutcome(journal, node);
  await block.deliver({ index: node.index, outcome, now: node.endedAt, replayed });
}

function diverged(node: CallNode, askedName: string | null, recorded: unknown, asked: unknown): RLMError {
  return divergence({
    node: node.id,
    block: node.parentId ?? "",
    index: node.index,
    recorded: `${node.name}(${short(recorded)})`,
    asked: askedName === null ? "no such call" : `${askedName}(${short(asked)})`,
  });
}

function unrecorded({ action }: LiveBlock, call: Call): RLMError {
  return divergence({
    node: callNodeId(action.id, call.index),
    block: action.id,
    index: call.index,
    recorded: "no such call",
    asked: `${call.name}(${short(call.args)})`,
  });
}

function unanswered({ action, issued }: LiveBlock): RLMError {
  return divergence({
    node: action.id,
    block: action.id,
    index: issued.length,
    recorded: "done, accepted",
    asked: "no such call",
  });
}

interface Divergence {
  readonly node: string;
  readonly block: string;
  readonly index: number;
  readonly recorded: string;
  readonly asked: string;
}

function divergence({ block, ...details }: Divergence): RLMError {
  const { node, recorded, asked } = details;
  return new RLMError(
    "replay_diverged",
    `Replay diverged at ${node}: the log has ${recorded}, but the code now makes ${asked}. The log comes from another version of the language, or the code depends on something outside the record; fork before ${block}.`,
    { details },
  );
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
