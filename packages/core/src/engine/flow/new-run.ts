import { Graph } from "../../data/graph/graph.ts";
import { ROOT } from "../../data/ids.ts";
import type { JsonSchema } from "../../data/json.ts";
import type { ChainNode } from "../../data/node.ts";
import type { RunInfo } from "../../data/run-info.ts";
import { RLMError } from "../../errors.ts";
import type { RunStores, Store } from "../../protocols/store.ts";
import { type ContextsInput, storeContexts } from "../agent/contexts.ts";
import { chooseRuntime, DEFAULT_QUERY, queryDraft } from "../agent/query-draft.ts";
import type { FlowSettings } from "../resources/settings.ts";
import { chainNode } from "../store/node-draft.ts";
import { sharedNodes } from "../store/shared-nodes.ts";
import { orClose } from "./open-runs.ts";

/** What a run is begun with, a query or a context at least. */
export interface NewRun {
  readonly run: RunInfo;
  readonly query?: string | undefined;
  readonly context?: ContextsInput | undefined;
  readonly output: JsonSchema | null;
}

/** A run that was made, and its store, open for writing. */
export interface MadeRun {
  readonly store: Store;
  readonly graph: Graph;
}

/** Makes a run whose log begins with the root's query. Rejects with `already_exists`, or `invalid_options` for a context. */
export async function makeRun(settings: FlowSettings, begun: NewRun): Promise<MadeRun> {
  const { environment, stores, globals, rootConfig } = settings;
  const { run, query = DEFAULT_QUERY, context, output } = begun;
  const runtime = chooseRuntime(settings, { agentId: ROOT, depth: 0, query, config: rootConfig });
  const draft = await queryDraft(settings, stores.payloads, {
    agentId: ROOT,
    query,
    ordinal: 0,
    depth: 0,
    config: { ...rootConfig, runtime },
    contexts: context === undefined ? [] : await storeContexts(stores.payloads, context),
    output,
    globals,
    seed: `${run.runId}/${ROOT}`,
  });
  const node = chainNode(draft, { agentId: ROOT, place: 0, n: 0, now: environment.now() });
  try {
    const store = await stores.createRun(run, [node]);
    return { store, graph: Graph.fromNodes(store.run, [node]) };
  } catch (error) {
    const unmoved = RLMError.is(error, "already_exists") ? await unmovedRun(stores, run, node) : null;
    if (unmoved === null) throw error;
    return unmoved;
  }
}

/**
 * The run of this id, if nothing has happened in it but the same query, and it has the same metadata: it was made, and its
 * process died or its store could not be opened. `null` for any other run. Older versions left runs without a query; they
 * get it now.
 */
async function unmovedRun(
  stores: RunStores,
  { runId, branch, metadata }: RunInfo,
  query: ChainNode,
): Promise<MadeRun | null> {
  const store = await stores.openRun(runId, branch.id);
  return await orClose(store, async () => {
    const nodes = await store.read();
    const { startedAt, endedAt } = nodes[0] ?? query;
    const asked = Graph.fromNodes(store.run, [{ ...query, startedAt, endedAt }]);
    if (nodes.length === 0) await store.append(ROOT, 0, [query]);
    const isSame = JSON.stringify(store.run.metadata) === JSON.stringify(metadata);
    if (nodes.length === 0 || (nodes.length === 1 && isSame && sharedNodes(asked, nodes) === 1))
      return { store, graph: asked };
    await store.close();
    return null;
  });
}
