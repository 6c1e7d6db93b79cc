import { crc32 } from "node:zlib";
import { decodeNode, FORMAT, isJsonObject, RLMError, type RunNode } from "@rlmflow/core";

/** One append as it stands in a log. */
export interface LogLine {
  readonly agentId: string;
  readonly n: number;
  readonly nodes: readonly RunNode[];
}

const SUM_KEY = ',"sum":"';
/** `,"sum":"` with eight digits and `"}`. */
const SUFFIX_BYTES = SUM_KEY.length + 10;

/** A line with its newline: `{"v":1,"agent":…,"n":…,"nodes":[…],"sum":"<CRC-32 of the bytes before ,"sum">"}`. */
export function encodeLine({ agentId, n, nodes }: LogLine): Buffer {
  const body = `{"v":${FORMAT},"agent":${JSON.stringify(agentId)},"n":${n},"nodes":${JSON.stringify(nodes)}`;
  const bodyBytes = Buffer.byteLength(body);
  const line = Buffer.allocUnsafe(bodyBytes + SUFFIX_BYTES + 1);
  line.write(body, 0, "utf8");
  line.write(`${suffixOf(line.subarray(0, bodyBytes))}\n`, bodyBytes, "latin1");
  return line;
}

function suffixOf(body: Uint8Array): string {
  return `${SUM_KEY}${crc32(body).toString(16).padStart(8, "0")}"}`;
}

/** Whether the line is as it was written. */
export function hasGoodSum(line: Buffer): boolean {
  const end = line.length - SUFFIX_BYTES;
  return end > 0 && line.toString("latin1", end) === suffixOf(line.subarray(0, end));
}

/**
 * What a line without its newline holds. Throws `unsupported_format` for a newer one, else an RLMError
 * with the reason; the caller knows file and line.
 */
export function decodeLine(line: Buffer): LogLine {
  if (!hasGoodSum(line)) throw new RLMError("damaged_log", reasonOfBadSum(line));
  const value = parse(line);
  if (!isJsonObject(value)) throw new RLMError("damaged_log", "it is no JSON object");
  const { v, agent, n, nodes, ...others } = value;
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

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch (cause) {
    throw new RLMError("damaged_log", "it is no JSON", { cause });
  }
}

function reasonOfBadSum(line: Buffer): string {
  if (line.length === 0) return "it is empty";
  if (line.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) {
    return "it begins with a byte order mark, so an editor has changed the file";
  }
  if (line.at(-1) === 0x0d)
    return "it ends with a carriage return, so something has changed the line endings";
  return line.includes(SUM_KEY) ? "its checksum does not fit its text" : "it has no checksum";
}
