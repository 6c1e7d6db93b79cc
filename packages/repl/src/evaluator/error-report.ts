// An uncaught error as data and as text for the model.
//
// Invariants: (1) bounded, whatever was thrown; (2) nothing a guest's getters do gets out.
import type { FormatBounds } from "./format-bounds.ts";
import { formatValue } from "./format-value.ts";
import { readText } from "./guarded-read.ts";
import { hintFor } from "./hints.ts";
import { ownValue, quote, stringSlice } from "./primordials.ts";
import type { Sources } from "./sources.ts";
import { type Frame, framesOf } from "./stack.ts";

const MAX_CAUSES = 5;
const BOUNDS: FormatBounds = { nodes: 100, depth: 3, items: 20, text: 1_000, total: 2_000, oneLine: true };

/** What was thrown, with everything read from it once. */
interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly frames: readonly Frame[];
  readonly cause: Thrown | null;
}

/** An error as JSON text of ErrorData, and as text for the model. */
export interface ErrorReport {
  readonly json: string;
  readonly text: string;
}

/** Reads what a block threw, once, and says it in both forms. */
export function reportError(thrown: unknown, sources: Sources, limit: number): ErrorReport {
  const error = readThrown(thrown, limit, 0);
  const text = describe(error, sources, "");
  return { json: toJson(error, limit), text: cut(text, limit) };
}

function readThrown(thrown: unknown, limit: number, depth: number): Thrown {
  if (typeof thrown !== "object" || thrown === null) {
    return {
      name: "Error",
      message: `threw ${cut(formatValue(thrown, BOUNDS), limit)}`,
      frames: NO_FRAMES,
      cause: null,
    };
  }
  const name = readText(thrown, "name");
  const message = readText(thrown, "message");
  if (name === undefined && message === undefined) {
    return { name: "Error", message: `threw ${formatValue(thrown, BOUNDS)}`, frames: NO_FRAMES, cause: null };
  }
  const cause = depth < MAX_CAUSES ? safeCause(thrown) : undefined;
  return {
    name: cut(name ?? "Error", 200),
    message: cut(message ?? "", limit),
    frames: framesOf(thrown),
    cause: cause === undefined ? null : readThrown(cause, limit, depth + 1),
  };
}

const NO_FRAMES: readonly Frame[] = [];

function safeCause(thrown: object): unknown {
  try {
    return ownValue(thrown, "cause");
  } catch {
    return undefined;
  }
}

function toJson(error: Thrown, limit: number): string {
  const share = limit > 2_000 ? limit >> 1 : limit;
  const cause = error.cause === null ? "" : `,"cause":${toJson(error.cause, share)}`;
  return `{"name":${quote(error.name)},"message":${quote(cut(error.message, share))}${cause}}`;
}

/** `above` is the excerpt of the error that this one caused: it is not repeated. */
function describe(error: Thrown, sources: Sources, above: string): string {
  const hint = hintFor(error.name, error.message);
  const head = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  const lines = sources.excerpts(error.frames);
  const text = `${head}${hint === "" ? "" : `\n${hint}`}${lines === above ? "" : lines}`;
  return error.cause === null ? text : `${text}\nCaused by ${describe(error.cause, sources, lines)}`;
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${stringSlice(text, 0, limit)}… (${text.length - limit} more characters)`;
}
