import {
  decodeEdit,
  type InboxFate,
  type InboxRequest,
  isJsonObject,
  type JsonObject,
  type RunControl,
} from "@rlmflow/core";
import { openLine, sealLine } from "./sealed-line.ts";

/** The number of the format of inboxes. */
const FORMAT = 1;

/** An entry as it stands in a file; what it asks for was not looked at yet. */
export interface PutLine {
  readonly kind: "put";
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly request: unknown;
}

/** What became of an entry. */
export interface SettledLine {
  readonly kind: "settled";
  readonly id: string;
  readonly fate: InboxFate;
}

/** `{"v":1,"put":{id, at, request},"sum":…}`, with its newline. */
export function encodePut(put: Omit<PutLine, "kind">): Buffer {
  return encode({ put });
}

/** `{"v":1,"settled":{id, fate},"sum":…}`, with its newline. */
export function encodeSettled(settled: Omit<SettledLine, "kind">): Buffer {
  return encode({ settled });
}

function encode(content: object): Buffer {
  return sealLine(JSON.stringify({ v: FORMAT, ...content }).slice(0, -1));
}

/** What a line without its newline holds, or `null` for one that was never whole or is of a newer format. */
export function decodeInboxLine(line: Buffer): PutLine | SettledLine | null {
  const { v, put, settled } = opened(line) ?? {};
  if (v !== FORMAT) return null;
  if (isJsonObject(put) && typeof put.id === "string" && typeof put.at === "number")
    return { kind: "put", id: put.id, at: put.at, request: put.request };
  const fate = isJsonObject(settled) ? fateOf(settled.fate) : null;
  return isJsonObject(settled) && typeof settled.id === "string" && fate !== null
    ? { kind: "settled", id: settled.id, fate }
    : null;
}

function opened(line: Buffer): JsonObject | null {
  try {
    return openLine(line);
  } catch {
    return null;
  }
}

function fateOf(value: unknown): InboxFate | null {
  if (!isJsonObject(value)) return null;
  const { state, nodes, reason } = value;
  if (state === "refused" && typeof reason === "string") return { state, reason };
  return state === "applied" && Array.isArray(nodes) ? { state, nodes: nodes.map(String) } : null;
}

const CONTROLS: readonly RunControl["kind"][] = ["pause", "unpause", "abort"];

/** What an entry asks for. Throws `invalid_options` saying what is wrong with it. */
export function decodeRequest(request: unknown): InboxRequest {
  const kind = isJsonObject(request) ? CONTROLS.find((control) => control === request.kind) : undefined;
  return kind === undefined ? decodeEdit(request, "the request") : { kind };
}
