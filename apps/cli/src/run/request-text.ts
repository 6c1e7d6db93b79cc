import type { InboxRequest } from "@rlmflow/core/store";
import { oneLine } from "@rlmflow/render";

/** What a request asks for, as a plain line: the command that makes it and whom it is about. */
export function requestText(request: InboxRequest, runId: string): string {
  const command = request.kind === "config" ? "limit" : request.kind;
  return "agentId" in request ? oneLine(`${command} ${request.agentId}`) : `${command} run ${runId}`;
}
