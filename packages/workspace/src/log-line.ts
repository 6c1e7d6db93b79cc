import { decodeNode, FORMAT, RLMError, type RunNode } from "@rlmflow/core";
import { openLine, sealLine } from "./sealed-line.ts";

/** One append as it stands in a log. */
export interface LogLine {
  readonly agentId: string;
  readonly n: number;
  readonly nodes: readonly RunNode[];
}

/** A line with its newline: `{"v":1,"agent":…,"n":…,"nodes":[…],"sum":"<CRC-32 of the bytes before ,"sum">"}`. */
export function encodeLine({ agentId, n, nodes }: LogLine): Buffer {
  const body = `{"v":${FORMAT},"agent":${JSON.stringify(agentId)},"n":${n},"nodes":${JSON.stringify(nodes)}`;
  return sealLine(body);
}

/**
 * What a line without its newline holds. Throws `unsupported_format` for a newer one, else an RLMError
 * with the reason; the caller knows file and line.
 */
export function decodeLine(line: Buffer): LogLine {
  const { v, agent, n, nodes, ...others } = openLine(line);
  if (typeof v === "number" && v > FORMAT) {
    throw new RLMError("unsupported_format", `it has format ${v}, this version reads up to ${FORMAT}`);
  }
  if (v !== FORMAT) throw new RLMError("damaged_log", `its format is ${JSON.stringify(v)}`);
  if (typeof agent !== "string" || typeof n !== "number" || !Array.isArray(nodes) || nodes.length === 0) {
    throw new RLMError("damaged_log", "it lacks an agent, a number n or a list of nodes");
  }
  const surplus = Object.keys(others).find((key) => key !== "sum");
  if (surplus !== undefined) throw new RLMError("damaged_log", `it has an unknown field ${surplus}`);
  return { agentId: agent, n, nodes: nodes.map((node, index) => nodeOf(node, index, agent, n)) };
}

function nodeOf(value: unknown, index: number, agentId: string, n: number): RunNode {
  const node = decodeNode(value, `nodes[${index}]`);
  if (node.agentId !== agentId || node.n !== n + index) {
    const place = `nodes[${index}] is n ${node.n} of agent ${node.agentId}`;
    throw new RLMError("damaged_log", `${place}, in a line for agent ${agentId} from n ${n}`);
  }
  return node;
}
