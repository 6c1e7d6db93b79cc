import type { ActionNode, Graph, Message, MessagesSeam } from "@rlmflow/core";
import { agentState, defaultEnvironment, MessageDigest, Transcript } from "@rlmflow/core/driver";

/** How a run made its messages, when it did so in a way of its own. */
export interface RequestLaw {
  readonly messages?: MessagesSeam;
}

const { digest } = defaultEnvironment();

/** The actions whose recorded digest does not follow from the chain before them. */
export async function checkRequests(graph: Graph, law: RequestLaw): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const agentId of graph.agents()) {
    let transcript: Transcript | null = null;
    const sums = new MessageDigest(digest);
    for (let place = 1; place < graph.chainLength(agentId); place++) {
      const node = graph.chainAt(agentId, place);
      if (node?.type !== "action" || node.replaces !== undefined) continue;
      const before = graph.at(graph.chainAt(agentId, place - 1)?.id ?? "");
      transcript = Transcript.of(before, agentId, transcript);
      const sent = messagesBefore(before, transcript, node, law);
      if (sent === null) continue;
      // A seam's messages may change later, so nothing is kept of their digest.
      const sum = law.messages === undefined ? sums : new MessageDigest(digest);
      if ((await requestDigest(node, sent, sum)) !== node.request)
        faults.push(`the request of ${node.id} is not what its chain gives`);
    }
  }
  return faults;
}

/** The digest of the messages under the rule in the node's `requestDigest`. */
async function requestDigest(
  node: ActionNode,
  sent: readonly Message[],
  sum: MessageDigest,
): Promise<string> {
  if (node.requestDigest === undefined) return await digest(JSON.stringify(sent));
  return (await sum.of(sent)).digest;
}

/** `null` where the prompt is kept apart and the messages can't be derived from the nodes alone. */
function messagesBefore(before: Graph, transcript: Transcript, action: ActionNode, law: RequestLaw) {
  const { agentId } = action;
  const state = agentState(before, agentId);
  const systemPrompt = state?.query.systemPrompt ?? null;
  if (state === undefined || systemPrompt === null) return null;
  const { maxMessages } = state.config;
  const standard = transcript.messages({ systemPrompt, maxMessages, final: action.final });
  return law.messages === undefined ? standard : law.messages(before.chain(agentId), standard);
}
