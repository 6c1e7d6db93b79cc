import type { Graph } from "../data/graph/graph.ts";
import { endsAgent } from "../data/node.ts";
import type { Call } from "../protocols/runtime.ts";
import { cutMiddle } from "./cut-output.ts";

/** How a block ended, as far as the model is told. */
export interface BlockEnd {
  /** Output of the block since its previous node, the echo of its last value included. */
  readonly output: string;
  /** An error's text, or what went wrong with the block as a whole. */
  readonly problem: string | null;
  /** What was said about how the code was found. */
  readonly notice: string | null;
  /** Calls that the code made and nobody awaited. */
  readonly unawaited: readonly Pick<Call, "index" | "name">[];
  /** Children that nobody waited for yet, with their state. */
  readonly children: readonly { readonly id: string; readonly state: string }[];
  readonly maxOutputLength: number;
  /** Replies the agent has left. */
  readonly repliesLeft: number;
}

/** A block that broke a limit or lost its sandbox, with what the model is shown of it. */
export interface UndoneBlock {
  /** What it printed, as far as that is known. */
  readonly output: string;
  /** What ended it. */
  readonly problem: string;
  /** The calls it made, with their answers. */
  readonly calls: readonly MadeCall[];
  /** Advice for the next block, or the empty text. */
  readonly remark: string;
  readonly maxOutputLength: number;
  readonly repliesLeft: number;
}

/** A call of an undone block. */
export interface MadeCall {
  readonly id: string;
  readonly name: string;
  /** The answer or the error as text. */
  readonly answer: string;
}

const MAX_LISTED = 12;
/** Calls of an undone block that are shown with their answers. */
export const MOST_SHOWN = 12;
/** Characters that the answers of an undone block's calls may fill together. */
const MAX_ANSWERS = 6_000;
const REPLIES_WORTH_SAYING = 3;

/** The text the model is shown after a block, and how many characters of the output are in it. */
export function observe(end: BlockEnd): { readonly content: string; readonly shown: number } {
  const cut = cutMiddle(end.output, end.maxOutputLength);
  const output = cut.text === "" ? (end.problem === null ? "(no output)" : "") : `Output:\n${cut.text}`;
  const parts = [
    output,
    end.notice ?? "",
    end.problem ?? "",
    unawaitedText(end.unawaited),
    childrenText(end.children),
  ];
  if (end.repliesLeft <= REPLIES_WORTH_SAYING) parts.push(`Replies left: ${end.repliesLeft}.`);
  return { content: parts.filter((part) => part !== "").join("\n"), shown: cut.shown };
}

/** The text the model is shown after a block that was undone, and how many characters of the output are in it. */
export function observeUndone(block: UndoneBlock): { readonly content: string; readonly shown: number } {
  const cut = cutMiddle(block.output, block.maxOutputLength);
  const parts = [
    cut.text === "" ? "" : `Output, up to the moment at which the block was stopped:\n${cut.text}`,
    block.problem,
    "The block's variables are undone; the REPL is as it was before this block.",
    block.remark,
    callsText(block.calls),
  ];
  if (block.repliesLeft <= REPLIES_WORTH_SAYING) parts.push(`Replies left: ${block.repliesLeft}.`);
  return { content: parts.filter((part) => part !== "").join("\n"), shown: cut.shown };
}

function callsText(calls: readonly MadeCall[]): string {
  if (calls.length === 0) return "";
  const listed = calls.slice(0, MOST_SHOWN);
  const room = Math.floor(MAX_ANSWERS / listed.length);
  const lines = listed.map(({ id, name, answer }) => `- ${name} (${id}): ${cutMiddle(answer, room).text}`);
  const rest = calls.length - listed.length;
  if (rest > 0) lines.push(`- and ${rest} more`);
  return ["Its calls are not undone. What they gave:", ...lines].join("\n");
}

function unawaitedText(calls: BlockEnd["unawaited"]): string {
  if (calls.length === 0) return "";
  const [answer, it] = calls.length === 1 ? ["its answer", "it"] : ["their answers", "them"];
  const named = listed(calls.map((call) => `${call.name} (call ${call.index})`));
  return `Not awaited, so you have not seen ${answer}: ${named}. If a variable holds ${it}, await that in your next block; otherwise write \`await\` in front of the call next time.`;
}

function childrenText(children: BlockEnd["children"]): string {
  if (children.length === 0) return "";
  return `Children nobody waited for yet: ${listed(children.map((child) => `${child.id} (${child.state})`))}.`;
}

function listed(items: readonly string[]): string {
  const rest = items.length - MAX_LISTED;
  return rest > 0 ? `${items.slice(0, MAX_LISTED).join(", ")} and ${rest} more` : items.join(", ");
}

/** The children of an agent that no `wait` has delivered yet, with their state. */
export function childrenNotWaitedFor(
  graph: Graph,
  agentId: string,
): readonly { readonly id: string; readonly state: string }[] {
  const children = graph.children(agentId);
  if (children.length === 0) return [];
  const waited = new Set<string>();
  for (const node of graph.log(agentId)) {
    if (node.type === "call" && node.name === "wait")
      for (const arg of node.args ?? []) waited.add(String(arg));
  }
  return children.filter((child) => !waited.has(child)).map((id) => ({ id, state: childState(graph, id) }));
}

function childState(graph: Graph, agentId: string): string {
  const head = graph.head(agentId);
  if (head === undefined || !endsAgent(head)) return "running";
  if (head.type === "result") return "done";
  return head.kind === "cancelled" ? "cancelled" : "failed";
}
