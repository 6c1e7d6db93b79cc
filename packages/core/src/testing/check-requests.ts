import { type AgentState, agentState } from "../data/chain.ts";
import type { Graph } from "../data/graph.ts";
import type { ActionNode, ChainNode } from "../data/node.ts";
import { defaultEnvironment } from "../engine/default-environment.ts";
import type { MessagesSeam } from "../engine/settings.ts";
import { defaultMessages } from "../turn/messages.ts";

/** How a run made its messages, when it did so in a way of its own. */
export interface RequestLaw {
  readonly messages?: MessagesSeam;
}

/** The actions whose recorded digest does not follow from the chain before them. */
export async function checkRequests(graph: Graph, law: RequestLaw): Promise<readonly string[]> {
  const { digest } = defaultEnvironment();
  const faults: string[] = [];
  for (const agentId of graph.agents()) {
    const chain = graph.chain(agentId);
    for (const [place, node] of chain.entries()) {
      if (node.type !== "action" || node.replaces !== undefined) continue;
      const before = agentState(graph.at(chain[place - 1]?.id ?? node.id), agentId);
      const sent = before === undefined ? null : messagesBefore(chain.slice(0, place), before, node, law);
      if (sent !== null && (await digest(JSON.stringify(sent))) !== node.request) {
        faults.push(`the request of ${node.id} is not what its chain gives`);
      }
    }
  }
  return faults;
}

/** `null` where the prompt is kept apart and the messages can't be derived from the nodes alone. */
function messagesBefore(chain: readonly ChainNode[], state: AgentState, action: ActionNode, law: RequestLaw) {
  const { query, config } = state;
  if (query.systemPrompt === null) return null;
  const options = { systemPrompt: query.systemPrompt, maxMessages: config.maxMessages, final: action.final };
  const standard = defaultMessages(chain, options);
  return law.messages === undefined ? standard : law.messages(chain, standard);
}
