import { crc32 } from "node:zlib";
import { isJsonObject, type JsonObject, RLMError, type RunNode } from "@rlmflow/core";
import { decodeNode, FORMAT, isKnownFormat } from "@rlmflow/core/store";

const SUM_KEY = ',"sum":"';
/** `,"sum":"` with eight digits and `"}`. */
const SUFFIX_BYTES = SUM_KEY.length + 10;

/** A line with its newline: the text of a JSON object that lacks its closing brace, then `,"sum":"<CRC-32 of that text>"}`. */
export function sealLine(body: string): Buffer {
  const bodyBytes = Buffer.byteLength(body);
  const line = Buffer.allocUnsafe(bodyBytes + SUFFIX_BYTES + 1);
  line.write(body, 0, "utf8");
  line.write(`${suffixOf(line.subarray(0, bodyBytes))}\n`, bodyBytes, "latin1");
  return line;
}

const SUM_KEY_BYTES = Buffer.from(SUM_KEY);
const HEXADECIMAL = Buffer.from("0123456789abcdef");
const [QUOTE, BRACE] = Buffer.from('"}');

/** Whether the line is as it was written. Compares bytes: this is done for every line that is read. */
export function hasGoodSum(line: Buffer): boolean {
  const end = line.length - SUFFIX_BYTES;
  if (end <= 0 || line[line.length - 2] !== QUOTE || line[line.length - 1] !== BRACE) return false;
  for (let place = 0; place < SUM_KEY_BYTES.length; place++)
    if (line[end + place] !== SUM_KEY_BYTES[place]) return false;
  let sum = crc32(line.subarray(0, end));
  for (let place = line.length - 3; place >= end + SUM_KEY_BYTES.length; place--) {
    if (line[place] !== HEXADECIMAL[sum & 15]) return false;
    sum >>>= 4;
  }
  return true;
}

/** The `prev` of the first line of a log. */
export const NO_SUM = "00000000";

/** The checksum of a sealed line without its newline. */
export function sumOf(line: Buffer): string {
  return line.toString("latin1", line.length - 10, line.length - 2);
}

/** The object that a line without its newline holds, `sum` included. Throws `damaged_log` with the reason alone. */
export function openLine(line: Buffer): JsonObject {
  if (!hasGoodSum(line)) throw new RLMError("damaged_log", reasonOfBadSum(line));
  const value = parse(line);
  if (!isJsonObject(value)) throw new RLMError("damaged_log", "it is no JSON object");
  return value;
}

function suffixOf(body: Uint8Array): string {
  return `${SUM_KEY}${crc32(body).toString(16).padStart(8, "0")}"}`;
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
