import { crc32 } from "node:zlib";
import { isJsonObject, type JsonObject, RLMError } from "@rlmflow/core";

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
