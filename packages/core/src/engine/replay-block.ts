import type { ActionNode, CallNode } from "../data/node.ts";
import { RLMError } from "../errors.ts";
import type { ReplSession } from "../protocols/runtime.ts";
import { recordedOutcome, storedArguments } from "./answers.ts";
import type { Journal } from "./journal.ts";
import { LiveBlock, suspensions } from "./live-block.ts";

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
  block.absorb(await session.start({ id: action.id, code: action.code ?? "", now: action.endedAt }));
  const suspendedAt = suspensions(journal.graph, action).at(-1)?.n ?? -1;
  // What was written before the suspension stands in its node: from there on it is counted anew.
  let inNode = suspendedAt >= 0;
  for (const node of journal.graph.calls(action.id)) {
    if (block.state.kind === "lost") return block;
    if (inNode && node.n > suspendedAt) {
      block.reset(journal.environment.now());
      inNode = false;
    }
    await replayCall(journal, block, node);
  }
  if (inNode) block.reset(journal.environment.now());
  return block;
}

async function replayCall(journal: Journal, block: LiveBlock, node: CallNode): Promise<void> {
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
  block.settled.add(node.index);
  if (node.name === "delegate" && node.outcome?.ok === true) block.children += 1;
  if (node.undelivered === true) return;
  const outcome = await recordedOutcome(journal, node);
  block.absorb(await block.session.deliver({ index: node.index, outcome, now: node.endedAt }));
}

function diverged(node: CallNode, askedName: string | null, recorded: unknown, asked: unknown): RLMError {
  const was = `${node.name}(${short(recorded)})`;
  const is = askedName === null ? "no such call" : `${askedName}(${short(asked)})`;
  return new RLMError(
    "replay_diverged",
    `Replay diverged at ${node.id}: the log has ${was}, but the code now makes ${is}. The log was made by another kernel or the code depends on something outside the record; fork before ${node.parentId}.`,
    { details: { node: node.id, index: node.index, recorded: was, asked: is } },
  );
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
