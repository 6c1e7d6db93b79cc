import type { Graph, Runtime } from "@rlmflow/core";
import { memoryStores, RLMError } from "@rlmflow/core";
import {
  defaultEnvironment,
  Journal,
  ranBlocks,
  replayDifferences,
  replayEnded,
  replSpec,
} from "@rlmflow/core/driver";
import type { Store } from "@rlmflow/core/store";

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
  const journal = new Journal(store, graph, environment);
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
      const block = await replayEnded(journal, session, action);
      if (block.state.kind === "lost")
        return [...faults, `the REPL of ${agentId} was lost in ${action.id}: ${block.state.message}`];
      faults.push(...(await replayDifferences(journal, block)));
    }
    return faults;
  } catch (error) {
    if (!RLMError.is(error)) throw error;
    return [error.message];
  } finally {
    await session.dispose();
  }
}
