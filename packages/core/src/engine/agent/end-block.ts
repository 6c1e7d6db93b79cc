import type { AgentState } from "../../data/graph/agent-state.ts";
import { isJsonObject, type JsonValue } from "../../data/json.ts";
import type { ActionNode, BlobRef, BlockRecord, ErrorKind, Wait } from "../../data/node.ts";
import { endsAgent } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import { childrenNotWaitedFor, observe } from "../../rules/block-end.ts";
import { spelled } from "../../rules/spelling.ts";
import { asJson } from "../../schema/json-copy.ts";
import { type LiveBlock, suspensions } from "../repl/live-block.ts";
import type { ChainDraft } from "../store/node-draft.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import type { BlockOutcome } from "./drive-block.ts";
import { languageOf } from "./in-language.ts";

/** Appends the node that says how a block ended or was suspended. */
export async function endBlock(
  port: AgentPort,
  state: AgentState,
  block: LiveBlock,
  outcome: Exclude<BlockOutcome, { kind: "lost" }>,
): Promise<TransitionEnd> {
  switch (outcome.kind) {
    case "suspended":
      return await suspend(port, block);
    case "done":
      return await endWithResult(port, block, outcome.value);
    case "ended":
      return await goOn(port, state, block, null);
    case "threw":
    case "deadlock":
      return await goOn(port, state, block, problemOf(block, outcome.kind));
  }
}

interface Problem {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly text: string;
}

function problemOf(block: LiveBlock, kind: "threw" | "deadlock"): Problem {
  if (kind === "deadlock" || block.ended?.kind !== "threw") {
    const message =
      "Deadlock: the code awaits something that can never happen (no call is out). Its block was ended.";
    return { kind: "deadlock", message, text: message };
  }
  const { error, text, syntax } = block.ended;
  return { kind: syntax ? "syntax_error" : "exception", message: `${error.name}: ${error.message}`, text };
}

async function goOn(
  port: AgentPort,
  state: AgentState,
  block: LiveBlock,
  problem: Problem | null,
): Promise<TransitionEnd> {
  const { issued, ended, output, action } = block;
  const language = languageOf(port.settings, state);
  const unawaited = (ended?.unawaited ?? [])
    .flatMap((index) => issued[index] ?? [])
    .filter((call) => call.name !== "done" && call.name !== "delegate");
  const earlier = await earlierOutput(port, action);
  const { content, shown } = observe({
    output: earlier + output,
    problem: problem?.text ?? null,
    notice: action.notice,
    unawaited: unawaited.map(({ index, name }) => ({ index, name: spelled(name, language) })),
    children: childrenNotWaitedFor(port.journal.graph, port.agentId),
    maxOutputLength: state.config.maxOutputLength,
    repliesLeft: Math.max(0, state.config.maxIterations - state.iterations),
  });
  const common = { content, ...(await packBlock(port, block, Math.min(shown, output.length))) };
  const suspension = state.head.type === "supervising" ? state.head : null;
  if (problem !== null)
    await appendBlockEnd(port, block, {
      type: "error",
      kind: problem.kind,
      message: problem.message,
      fatal: false,
      ...common,
    });
  else if (suspension !== null)
    await appendBlockEnd(port, block, { type: "resume", resumedFrom: suspension.id, ...common });
  else await appendBlockEnd(port, block, { type: "observation", ...common });
  return { kind: "moved" };
}

/** What the block wrote before it was last suspended: the model has not been shown it yet. */
export async function earlierOutput(port: AgentPort, action: ActionNode): Promise<string> {
  const parts = suspensions(port.journal.graph, action).map(({ block, blobs }) =>
    port.journal.unpack(block.output, blobs?.output),
  );
  return (await Promise.all(parts)).join("");
}

async function suspend(port: AgentPort, block: LiveBlock): Promise<TransitionEnd> {
  const named = block.namedWaits(port.journal.graph);
  const waits: Wait[] = block.waits
    .takeNew()
    .filter((index) => !named.has(index))
    .map((index) => ({
      index,
      agents: block.waits.queries(index).map((query) => query.agentId ?? query.callId),
    }));
  // Going on and waiting again with nothing new to say needs no further node: earlier waits still hold.
  if (waits.length > 0 || block.output !== "" || named.size === 0) {
    await appendBlockEnd(port, block, { type: "supervising", waits, ...(await packBlock(port, block, 0)) });
    for (const { index } of waits) named.add(index);
  }
  port.inFlight.conversation.rest();
  return { kind: "waiting", waits: block.waits };
}

async function endWithResult(port: AgentPort, block: LiveBlock, value: JsonValue): Promise<TransitionEnd> {
  const packedBlock = await packBlock(port, block, 0);
  const packed = await packResult(port, value);
  const { graph } = port.journal;
  const cancelled = graph.children(port.agentId).filter((child) => {
    const head = graph.head(child);
    return head !== undefined && !endsAgent(head);
  });
  const blobs = { ...packedBlock.blobs, ...packed.blobs };
  await appendBlockEnd(port, block, {
    type: "result",
    result: packed.result,
    cancelled,
    block: packedBlock.block,
    ...(Object.keys(blobs).length > 0 && { blobs }),
  });
  if (cancelled.length > 0) await port.children.cancel("its parent answered without it");
  return { kind: "ended" };
}

async function packResult(port: AgentPort, value: JsonValue) {
  const { inline, blob } = await port.journal.pack(value);
  return { result: inline, blobs: blob === undefined ? {} : { result: blob } };
}

/**
 * A REPL that can't be had or can't run a block: the log and the code disagree, or the runtime failed. `what` says
 * what could not be done.
 */
export async function endUnrunnable(port: AgentPort, what: string, error: unknown): Promise<TransitionEnd> {
  const diverged = RLMError.is(error, "replay_diverged");
  const message = error instanceof Error ? error.message : String(error);
  const found = diverged && RLMError.is(error) ? asJson(error.details, "details") : {};
  const details = {
    code: RLMError.is(error) ? error.code : "runtime_failed",
    ...(isJsonObject(found) && found),
  };
  port.inFlight.running.clear();
  const attempts = await port.inFlight.unrecorded();
  await port.journal.appendChain(port.agentId, [
    {
      type: "error",
      kind: diverged ? "replay_diverged" : "runtime_failed",
      message: diverged ? message : `${what}: ${message}`,
      content: message,
      fatal: true,
      details,
      ...(attempts.length > 0 && { attempts }),
    },
  ]);
  await port.children.cancel("its parent failed");
  return { kind: "ended" };
}

/** What a node keeps of the block. */
export async function packBlock(
  port: AgentPort,
  block: LiveBlock,
  shown: number,
): Promise<{ block: BlockRecord; blobs?: { output: BlobRef } }> {
  const record = block.record(shown);
  const { inline, blob } = await port.journal.pack(record.output);
  return { block: { ...record, output: inline }, ...(blob !== undefined && { blobs: { output: blob } }) };
}

/** Appends a node about the block and begins its record anew. */
export async function appendBlockEnd(port: AgentPort, block: LiveBlock, draft: ChainDraft): Promise<void> {
  await port.journal.appendChain(port.agentId, [{ ...draft, startedAt: block.startedAt }]);
  block.reset(port.journal.environment.now());
}
