import type { ContextRef } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { ContextPayload, ReplSpec } from "../../protocols/runtime.ts";
import type { PayloadReader } from "../../protocols/store.ts";
import type { Journal } from "../store/journal.ts";

/** What the agent's REPL is made of, read off its first query. */
export async function replSpec(journal: Journal, agentId: string, alone: boolean): Promise<ReplSpec> {
  const query = journal.graph.chainAt(agentId, 0);
  if (query?.type !== "query") throw new RLMError("unknown_agent", `Agent ${agentId} has no query.`);
  const contexts = await Promise.all(query.contexts.map((ref) => openContext(journal.payloads, ref)));
  return {
    agentId,
    group: `${journal.graph.run.runId}/${journal.graph.branch}`,
    depth: query.depth,
    maxDepth: query.config.maxDepth,
    seed: query.seed,
    contexts,
    globals: query.globals,
    functions: query.tools,
    alone,
  };
}

/** A context as an agent reads it: the part that was passed to it. */
export async function openContext(payloads: PayloadReader, ref: ContextRef): Promise<ContextPayload> {
  const whole = await payloads.openContext(ref.digest);
  const { start, end } = ref.range ?? { start: 0, end: whole.characters };
  return {
    key: ref.key,
    digest: ref.range === undefined ? ref.digest : `${ref.digest}:${start}-${end}`,
    characters: end - start,
    ...(ref.metadata !== undefined && { metadata: ref.metadata }),
    read: (from, to) => whole.read(start + from, Math.min(end, start + to)),
  };
}
