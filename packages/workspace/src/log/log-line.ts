import { RLMError, type RunNode } from "@rlmflow/core";
import { decodeNode, FORMAT, isKnownFormat } from "@rlmflow/core/store";
import { openLine, sealLine } from "./sealed-line.ts";

/** One append as it stands in a log. */
export interface LogLine {
  readonly agentId: string;
  readonly n: number;
  readonly nodes: readonly RunNode[];
}

/** A line that was read. */
export interface ReadLine extends LogLine {
  readonly format: number;
  /** The checksum of the line before it; `null` in format 1, which has no such field. */
  readonly prev: string | null;
  /** Its own checksum. */
  readonly sum: string;
}

const FIELDS: ReadonlySet<string> = new Set(["v", "agent", "n", "nodes", "prev", "sum"]);

/**
 * A line with its newline: `{"v":2,"agent":…,"n":…,"nodes":[…],"prev":"…","sum":"…"}`. `sum` is the CRC-32 of the
 * bytes before `,"sum"`, and `prev` the `sum` of the line before. So each checksum covers all lines up to its own, and a
 * line that was removed, repeated or moved is noticed at its place. Format 1 is the same without `prev`.
 */
export function encodeLine({ agentId, n, nodes }: LogLine, prev: string): Buffer {
  const append = `{"v":${FORMAT},"agent":${JSON.stringify(agentId)},"n":${n},"nodes":${JSON.stringify(nodes)}`;
  return sealLine(`${append},"prev":"${prev}"`);
}

/**
 * What a line without its newline holds. Throws `unsupported_format` for a newer one, else an RLMError
 * with the reason; the caller knows file and line.
 */
export function decodeLine(line: Buffer): ReadLine {
  const opened = openLine(line);
  const { v, agent, n, nodes, prev, sum } = opened;
  if (typeof v === "number" && v > FORMAT) {
    throw new RLMError("unsupported_format", `it has format ${v}, this version reads up to ${FORMAT}`);
  }
  if (!isKnownFormat(v)) throw new RLMError("damaged_log", `its format is ${JSON.stringify(v)}`);
  if (typeof agent !== "string" || typeof n !== "number" || !Array.isArray(nodes) || nodes.length === 0) {
    throw new RLMError("damaged_log", "it lacks an agent, a number n or a list of nodes");
  }
  if (v === 1 ? prev !== undefined : typeof prev !== "string")
    throw new RLMError("damaged_log", `its field prev does not fit format ${v}`);
  const surplus = Object.keys(opened).find((key) => !FIELDS.has(key));
  if (surplus !== undefined) throw new RLMError("damaged_log", `it has an unknown field ${surplus}`);
  return {
    format: v,
    prev: typeof prev === "string" ? prev : null,
    sum: String(sum),
    agentId: agent,
    n,
    nodes: nodes.map((node, index) => nodeOf(decodeNode(node, `nodes[${index}]`, v), index, agent, n)),
  };
}

function nodeOf(node: RunNode, index: number, agentId: string, n: number): RunNode {
  if (node.agentId !== agentId || node.n !== n + index) {
    const place = `nodes[${index}] is n ${node.n} of agent ${node.agentId}`;
    throw new RLMError("damaged_log", `${place}, in a line for agent ${agentId} from n ${n}`);
  }
  return node;
}
