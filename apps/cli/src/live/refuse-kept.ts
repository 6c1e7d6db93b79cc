import { type Graph, RLMError } from "@rlmflow/core";
import type { Workspace } from "@rlmflow/workspace";
import { requestText } from "../run/request-text.ts";

/** Refuses what was asked of a run too late for it, and says what that was. Leaves all to a process that has the run open. */
export async function refuseKept({ run }: Graph, workspace: Workspace): Promise<readonly string[]> {
  const { runId, branch } = run;
  if ((await (await workspace.inbox(runId, branch.id)).pending()).length === 0) return [];
  const store = await workspace.openRun(runId, branch.id).catch((error: unknown) => {
    if (RLMError.is(error, "locked")) return null;
    throw error;
  });
  if (store === null) return [];
  try {
    const entries = (await store.inbox?.take()) ?? [];
    for (const { id } of entries)
      await store.inbox?.settle(id, { state: "refused", reason: "The run has answered." });
    return entries.map(({ request }) => requestText(request, runId));
  } finally {
    await store.close();
  }
}
