import { callNodeId } from "../../data/ids.ts";
import { deepFreeze, type JsonValue } from "../../data/json.ts";
import { RLMError } from "../../errors.ts";
import type { Tool } from "../../protocols/tool.ts";
import { copyJson } from "../../schema/json-copy.ts";
import { untilAborted } from "../environment/until-aborted.ts";
import type { ToolCallVerdict } from "../resources/settings.ts";
import { placedArguments } from "../tool/named-arguments.ts";
import type { AgentPort } from "./agent-port.ts";
import type { Approval } from "./mailbox.ts";
import { type CallSite, toolOf } from "./perform-call.ts";

/** True for a call of a tool, if there is a policy that decides about those. */
export function needsApproval(port: AgentPort, { name }: CallSite["call"]): boolean {
  return port.settings.onToolCall !== null && name !== "done" && name !== "llmQuery";
}

/**
 * Asks the policy about a call of a tool. It sees only calls whose arguments are valid: the others fail anyway.
 * Never rejects. If the policy throws, gives no verdict or is aborted, the call is refused.
 */
export async function approveCall(port: AgentPort, site: CallSite): Promise<Approval> {
  const { call, state, actionId } = site;
  const tool = toolOf(port, site);
  if (tool === undefined) return { kind: "call" };
  const checked = await inputOf(tool, call.args);
  if (!checked.ok) return { kind: "call" };
  const id = callNodeId(actionId, call.index);
  const asked = deepFreeze({
    id,
    agentId: port.agentId,
    depth: state.query.depth,
    name: call.name,
    args: structuredClone(placedArguments(tool, call.args)),
  });
  try {
    const ask = async () => await port.settings.onToolCall?.(asked, port.journal.graph);
    const verdict = await untilAborted(ask(), port.inFlight.effectSignal, `onToolCall looked at ${id}`);
    return await readVerdict(tool, verdict);
  } catch (error) {
    return refused(
      call.name,
      `the approval failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Without a valid verdict the tool is not called. */
async function readVerdict(tool: Tool, verdict: ToolCallVerdict | undefined): Promise<Approval> {
  switch (verdict?.kind) {
    case "run":
      return { kind: "call" };
    case "arguments": {
      const copied = copyJson(verdict.args);
      if (!copied.ok || !Array.isArray(copied.value)) break;
      const changedArgs: readonly JsonValue[] = deepFreeze(copied.value);
      const checked = await inputOf(tool, changedArgs);
      if (!checked.ok)
        throw new RLMError(
          "invalid_options",
          `onToolCall gave arguments that do not fit: ${checked.message}`,
        );
      return { kind: "call", changedArgs };
    }
    case "refuse":
      return refused(tool.name, String(verdict.reason));
  }
  throw new RLMError(
    "invalid_options",
    'onToolCall must answer { kind: "run" }, { kind: "arguments", args: […] } or { kind: "refuse", reason }',
  );
}

function refused(name: string, reason: string): Approval {
  return {
    kind: "refused",
    error: { name: "NotAllowedError", message: `${name} was not called: ${reason}` },
  };
}

async function inputOf(
  tool: Tool,
  args: readonly JsonValue[],
): Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }> {
  try {
    await tool.check(placedArguments(tool, args));
    return { ok: true };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
