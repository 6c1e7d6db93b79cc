import { isJsonObject, type JsonObject, RLMError } from "@rlmflow/core";
import { decodeEdit, type InboxFate, type InboxRequest, type RunControl } from "@rlmflow/core/store";
import { openLine, sealLine } from "../log/log-line.ts";

/** The number of the format of inboxes. */
const FORMAT = 1;

/** An entry as it stands in a file; what it asks for was not looked at yet. */
export interface PutLine {
  readonly kind: "put";
  readonly format: number;
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
export function encodePut(put: Omit<PutLine, "kind" | "format">): Buffer {
  return encode({ put });
}

/** `{"v":1,"settled":{id, fate},"sum":…}`, with its newline. */
export function encodeSettled(settled: Omit<SettledLine, "kind">): Buffer {
  return encode({ settled });
}

function encode(content: object): Buffer {
  return sealLine(JSON.stringify({ v: FORMAT, ...content }).slice(0, -1));
}

/** Whether a line is of a format that this version does not know. */
export function isNewer(format: number): boolean {
  return format > FORMAT;
}

/** What an entry of a newer format is refused with. */
export function newerLine(format: number, where = "The request"): RLMError {
  const reason = `has format ${format}, and the version of rlmflow that moves this run reads up to ${FORMAT}`;
  const advice = "Use the same version on both sides.";
  return new RLMError("unsupported_format", `${where} ${reason}. ${advice}`);
}

/**
 * What a line without its newline holds, or `null` for one that was never whole. Of a newer format only the entry that it
 * is about is read; throws `unsupported_format` where it names none.
 */
export function decodeInboxLine(line: Buffer, file: string): PutLine | SettledLine | null {
  const { v, put, settled } = opened(line) ?? {};
  if (typeof v !== "number" || v < FORMAT) return null;
  if (isJsonObject(put) && typeof put.id === "string" && (typeof put.at === "number" || isNewer(v)))
    return { kind: "put", format: v, id: put.id, at: Number(put.at ?? 0), request: put.request };
  if (isJsonObject(settled) && typeof settled.id === "string") {
    const fate = fateOf(settled.fate) ?? (isNewer(v) ? UNKNOWN_FATE : null);
    if (fate !== null) return { kind: "settled", id: settled.id, fate };
  }
  if (isNewer(v)) throw newerLine(v, `A line of ${file}`);
  return null;
}

/** An entry that a newer version has settled is not made again. */
const UNKNOWN_FATE: InboxFate = {
  state: "refused",
  reason: "A newer version of rlmflow has settled it, in words that this one can't read.",
};

function opened(line: Buffer): JsonObject | null {
  try {
    return openLine(line);
  } catch {
    // A writer died in the middle of it, or somebody has changed it: it harms no other line.
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
