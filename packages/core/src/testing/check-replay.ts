import { ranBlocks } from "../data/chain.ts";
import type { Graph } from "../data/graph.ts";
import type { ActionNode, ChainNode } from "../data/node.ts";
import { defaultEnvironment } from "../engine/default-environment.ts";
import { Journal } from "../engine/journal.ts";
import { memoryStores } from "../engine/memory-store.ts";
import { replSpec } from "../engine/repl-spec.ts";
import { replayBlock } from "../engine/replay-block.ts";
import { RLMError } from "../errors.ts";
import type { Runtime } from "../protocols/runtime.ts";
import type { Store } from "../protocols/store.ts";

/**
 * Runs every block of every agent again in fresh REPLs with the recorded answers. Gives what came out
 * otherwise than recorded: a call, an output, a variable.
 */
export async function checkReplay(
  graph: Graph,
  runtimes: Readonly<Record<string, Runtime>>,
  kept?: Store,
): Promise<readonly string[]> {
  const environment = defaultEnvironment();
  const store = kept ?? (await memoryStores(environment.digest).createRun(graph.run));
  const journal = new Journal(store, graph, environment, () => {});
  const faults: string[] = [];
  for (const agentId of graph.agents()) {
    const first = graph.chainAt(agentId, 0);
    const runtime = first?.type === "query" ? runtimes[first.config.runtime] : undefined;
    if (runtime === undefined)
      throw new RLMError("invalid_options", `checkRun needs the runtime of agent ${agentId}.`);
    faults.push(...(await replayAgent(journal, agentId, runtime)));
  }
  return faults;
}

async function replayAgent(journal: Journal, agentId: string, runtime: Runtime): Promise<readonly string[]> {
  const session = await runtime.open(await replSpec(journal, agentId, false));
  try {
    const faults: string[] = [];
    for (const action of ranBlocks(journal.graph.chain(agentId))) {
      const block = await replayBlock(journal, session, action);
      const recorded = await recordedOutput(journal, action);
      if (block.state.kind === "lost")
        return [...faults, `the REPL of ${agentId} was lost in ${action.id}: ${block.state.message}`];
      if (recorded !== null && block.output !== recorded)
        faults.push(
          `${action.id} wrote something else when it was run again: ${excerpt(block.output)} instead of ${excerpt(recorded)}`,
        );
    }
    return faults;
  } catch (error) {
    if (!RLMError.is(error)) throw error;
    return [error.message];
  } finally {
    await session.dispose();
  }
}

/** What the block wrote since it was last suspended; `null` where its end has no record of output. */
async function recordedOutput(journal: Journal, action: ActionNode): Promise<string | null> {
  const chain = journal.graph.chain(action.agentId);
  let end: ChainNode | undefined;
  for (const node of chain.slice(chain.indexOf(action) + 1)) {
    if (node.type === "action" || node.type === "query") break;
    if ("block" in node && node.block !== undefined) end = node;
  }
  // What an agent wrote after its newest suspension is nowhere when it was cancelled in the middle of the block.
  if (end === undefined || end.type === "supervising") return null;
  if (!("block" in end) || end.block === undefined) return null;
  const blob =
    "blobs" in end && end.blobs !== undefined && "output" in end.blobs ? end.blobs.output : undefined;
  return await journal.unpack(end.block.output, blob);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
