import type { AgentState } from "../../data/graph/agent-state.ts";
import { callNodeId, effectKey } from "../../data/ids.ts";
import type { Call } from "../../protocols/runtime.ts";
import type { Tool } from "../../protocols/tool.ts";
import { asJson } from "../../schema/json-copy.ts";
import { placedArguments } from "../tool/named-arguments.ts";
import type { AgentPort } from "./agent-port.ts";
import { errorData } from "./error-data.ts";
import { inLanguage } from "./in-language.ts";
import type { Finished } from "./mailbox.ts";
import { queryModel } from "./sub-query.ts";

/** What a call of a block is made for. */
export interface CallSite {
  readonly actionId: string;
  readonly call: Call;
  readonly state: AgentState;
}

/** Does what a call asks for, outside the REPL. Never rejects: what goes wrong is an outcome for the code. */
export async function performCall(port: AgentPort, site: CallSite): Promise<Finished> {
  const { name } = site.call;
  try {
    if (name !== "done" && name !== "llmQuery") return await callTool(port, site);
    const finished = await (name === "done" ? judgeAnswer(port, site) : askModel(port, site));
    return { ...finished, outcome: inLanguage(port.settings, site.state, finished.outcome) };
  } catch (error) {
    // Code must not see a failure of the store in a tool: the run ends before the answer is delivered.
    port.journal.stop(error);
    return { outcome: { ok: false, error: errorData(error) } };
  }
}

async function askModel(port: AgentPort, site: CallSite): Promise<Finished> {
  const { call, state } = site;
  const turn = Math.max(0, state.replies - 1);
  return await queryModel({ port, effectKey: keyOf(port, site), model: state.config.model, turn }, call);
}

function keyOf(port: AgentPort, site: CallSite): string {
  const { run } = port.journal.graph;
  return effectKey(run.runId, run.branch.id, callNodeId(site.actionId, site.call.index));
}

/** The tool that a call names, where its agent may call it. */
export function toolOf(port: AgentPort, { call, state }: CallSite): Tool | undefined {
  return state.query.tools.includes(call.name) ? port.settings.tools.get(call.name) : undefined;
}

async function callTool(port: AgentPort, site: CallSite): Promise<Finished> {
  const { call, state } = site;
  const tool = toolOf(port, site);
  if (tool === undefined) {
    const message = `There is no function ${call.name} for this agent.`;
    return { outcome: { ok: false, error: { name: "ReferenceError", message } } };
  }
  const input = await tool.check(placedArguments(tool, call.args));
  const context = {
    effectKey: keyOf(port, site),
    agentId: port.agentId,
    depth: state.query.depth,
    signal: port.inFlight.effectSignal,
  };
  const answer = await port.effects.call(tool, input, context);
  return { outcome: { ok: true, value: asJson(answer, `The tool ${tool.name}`) } };
}

/** `done(value)`: the verdict is an answer only when the value is refused. */
async function judgeAnswer(port: AgentPort, { call, state }: CallSite): Promise<Finished> {
  const value = call.args[0] ?? null;
  const schema = port.schemaOf(state.query);
  const check = schema === null ? ({ ok: true, value } as const) : await schema.check(value);
  if (check.ok)
    return {
      outcome: { ok: true, value: null },
      accepted: { value: asJson(check.value, "The output schema") },
    };
  const message = `done: the value does not fit the output schema: ${check.message}`;
  return { outcome: { ok: false, error: { name: "TypeError", message } } };
}
