import type { ActionNode, ChainNode } from "../../data/node.ts";
import { sentences } from "../../data/words.ts";
import { jsonLine } from "../../rules/json-line.ts";
import type { Journal } from "../store/journal.ts";

const SHOWN = 200;
const REASON = 300;

/**
 * How close an agent came to an answer before it ended without one, in a sentence: a last reply without code, else the
 * value that it offered last and why that was refused, else how its last block failed, else its last output; before it,
 * that the last reply was cut. Empty if it got none of these.
 */
export async function lastOffer(journal: Journal, agentId: string): Promise<string> {
  const chain = journal.graph.chain(agentId);
  const place = chain.findLastIndex((node) => node.type === "query");
  const work = chain.slice(place + 1);
  const last = work.findLast((node) => node.type === "action");
  if (last === undefined) return "";
  const cut = last.finishReason === "length" ? " and was cut at its limit of tokens" : "";
  if (last.code === null && last.reply.trim() !== "")
    return `Its last reply had no code${cut}: ${jsonLine(last.reply.trim(), SHOWN)}.`;
  const came = (await refusedValue(journal, work)) ?? lastError(work) ?? (await lastOutput(journal, work));
  if (cut === "") return came;
  return sentences("Its last reply was cut at its limit of tokens.", came);
}

async function refusedValue(journal: Journal, work: readonly ChainNode[]): Promise<string | null> {
  const actions = work.filter((node): node is ActionNode => node.type === "action");
  for (const action of actions.reverse()) {
    const call = journal.graph.calls(action.id).findLast(({ name }) => name === "done");
    if (call === undefined) continue;
    const args = await journal.unpack(call.args, call.blobs?.args);
    const outcome = await journal.unpack(call.outcome, call.blobs?.outcome);
    if (outcome === null || outcome.ok) continue;
    const why = outcome.error.message;
    const reason = why.length > REASON ? `${why.slice(0, REASON)}…` : why;
    return `It last offered ${jsonLine(args?.[0] ?? null, SHOWN)}, which was refused: ${reason.replaceAll("\n", "; ")}`;
  }
  return null;
}

/** The exception that ended the last block, in one line. */
function lastError(work: readonly ChainNode[]): string | null {
  const error = work.at(-1);
  if (error?.type !== "error" || error.block === undefined) return null;
  return `Its last block failed: ${jsonLine(error.message, REASON)}.`;
}

async function lastOutput(journal: Journal, work: readonly ChainNode[]): Promise<string> {
  const node = work.findLast((one) => "block" in one && one.block !== undefined);
  if (node === undefined || !("block" in node) || node.block === undefined) return "";
  const output = (await journal.unpack(node.block.output, node.blobs?.output)) ?? "";
  return output.trim() === ""
    ? ""
    : `Its last output was ${jsonLine(output.trimEnd().slice(-SHOWN), SHOWN)}.`;
}
