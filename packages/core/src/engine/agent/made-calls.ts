import { type AgentState, queryEnd } from "../../data/graph/agent-state.ts";
import { callNodeId } from "../../data/ids.ts";
import type { CallNode, Outcome } from "../../data/node.ts";
import { type MadeCall, MOST_SHOWN } from "../../rules/block-end.ts";
import { spelled } from "../../rules/spelling.ts";
import { childOf, recordedOutcome } from "../repl/answers.ts";
import type { LiveBlock } from "../repl/live-block.ts";
import type { AgentPort } from "./agent-port.ts";
import { languageOf } from "./in-language.ts";

/** The calls of a block with their answers, in order: undoing the block does not undo them. */
export async function madeCalls(
  port: AgentPort,
  state: AgentState,
  block: LiveBlock,
): Promise<readonly MadeCall[]> {
  const language = languageOf(port.settings, state);
  const { graph } = port.journal;
  const recorded = new Map<number, CallNode>();
  for (const node of graph.calls(block.action.id)) recorded.set(node.index, node);
  const made: MadeCall[] = [];
  for (const { index, name } of block.issued) {
    // A child's result is listed with its `delegate`; a `done` that was refused has no effect.
    if (name === "wait" || name === "done") continue;
    const node = recorded.get(index);
    const isRunning = block.running.has(index) && port.settings.tools.has(name);
    if (node === undefined && !isRunning) continue;
    const isAnswered = node !== undefined && node.outcome !== null;
    // Answers that will not be shown are not loaded.
    const answer = made.length < MOST_SHOWN && isAnswered ? await answerText(port, node) : UNANSWERED;
    made.push({ id: callNodeId(block.action.id, index), name: spelled(name, language), answer });
  }
  return made;
}

const UNANSWERED = "no answer yet";

async function answerText({ journal }: AgentPort, node: CallNode): Promise<string> {
  const child = node.name === "delegate" ? childOf(node) : null;
  if (child === null) return outcomeText(await recordedOutcome(journal, node));
  const end = queryEnd(journal.graph, child, node.id);
  if (end?.type !== "result") return `${child}, which gave no answer`;
  const result = await journal.unpack(end.result, end.blobs?.result);
  return `${child} answered ${JSON.stringify(result ?? null)}`;
}

function outcomeText(outcome: Outcome): string {
  return outcome.ok
    ? JSON.stringify(outcome.value)
    : `failed, ${outcome.error.name}: ${outcome.error.message}`;
}
