// An uncaught error as data and as text for the model.
//
// Invariants: (1) bounded, whatever was thrown; (2) errors of a guest's getters are caught here.
import { brandOf } from "../realm/brands.ts";
import { className } from "../realm/class-name.ts";
import { readText } from "../realm/guarded-read.ts";
import {
  append,
  bare,
  bareList,
  isArray,
  objectFreeze,
  ownValue,
  quote,
  stringSlice,
} from "../realm/primordials.ts";
import { errorName, type Frame, framesIn, framesOf } from "../realm/stack.ts";
import { ownFields } from "../values/error-fields.ts";
import type { FormatBounds } from "../values/format-bounds.ts";
import { formatValue } from "../values/format-value.ts";
import { hintFor, unawaitedAnswer } from "./hints.ts";
import { ownLine } from "./own-line.ts";
import type { Sources } from "./sources.ts";

const MAX_CAUSES = 5;
/** Errors that an AggregateError is shown with, and how deep such errors are looked into. */
const MAX_PARTS = 10;
const MAX_PART_DEPTH = 2;
const BOUNDS: FormatBounds = { nodes: 100, depth: 3, items: 20, text: 1_000, total: 2_000, oneLine: true };

/** What was thrown, with everything read from it once. */
interface Thrown {
  readonly name: string;
  readonly message: string;
  /** Its own properties, as text; empty when it has none beside those above. */
  readonly fields: string;
  readonly frames: readonly Frame[];
  readonly cause: Thrown | null;
  /** The errors that it stands for. */
  readonly parts: readonly Thrown[];
  /** Errors that are not in `parts`. */
  readonly more: number;
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

/** The same for an error that the host has only as text: `stack` has the lines as this realm wrote them. */
export function reportText(
  error: { readonly name: string; readonly message: string; readonly stack: string },
  sources: Sources,
  limit: number,
): string {
  const { name, message, stack } = error;
  const read = { name: cut(name, 200), message: cut(message, limit), frames: framesIn(stack) };
  return cut(describe({ ...NOTHING_MORE, ...read }, sources, ""), limit);
}

function readThrown(thrown: unknown, limit: number, depth: number): Thrown {
  if (typeof thrown !== "object" || thrown === null) {
    return { ...NOTHING_MORE, name: "Error", message: `threw ${cut(formatValue(thrown, BOUNDS), limit)}` };
  }
  if (brandOf(thrown) !== "error") return readObject(thrown);
  const cause = depth < MAX_CAUSES ? safeValue(thrown, "cause") : undefined;
  const { parts, more } = partsOf(thrown, limit, depth);
  return {
    name: cut(errorName(thrown), 200),
    message: cut(readText(thrown, "message") ?? "", limit),
    fields: fieldsText(thrown),
    frames: framesOf(thrown),
    cause: cause === undefined ? null : readThrown(cause, limit, depth + 1),
    parts,
    more,
  };
}

/** A thrown object that is not an error is shown with its class and fields. */
function readObject(thrown: object): Thrown {
  const name = readText(thrown, "name") ?? readClass(thrown);
  return {
    ...NOTHING_MORE,
    name: cut(name === "" || name === "Object" ? "Error" : name, 200),
    message: `threw ${formatValue(thrown, BOUNDS)}`,
  };
}

function readClass(object: object): string {
  try {
    return className(object);
  } catch {
    return "";
  }
}

/** The errors of an AggregateError, or the two of a SuppressedError. */
function partsOf(thrown: object, limit: number, depth: number): Pick<Thrown, "parts" | "more"> {
  const parts = bareList<Thrown>();
  if (depth >= MAX_PART_DEPTH) return { parts, more: 0 };
  const errors = safeValue(thrown, "errors");
  if (isArray(errors)) {
    for (let i = 0; i < errors.length && i < MAX_PARTS; i += 1) {
      append(parts, readThrown(safeValue(errors, i), limit, depth + 1));
    }
    return { parts, more: errors.length - parts.length };
  }
  const suppressed = safeValue(thrown, "suppressed");
  if (suppressed === undefined) return { parts, more: 0 };
  append(parts, readThrown(safeValue(thrown, "error"), limit, depth + 1));
  append(parts, readThrown(suppressed, limit, depth + 1));
  return { parts, more: 0 };
}

const NOTHING_MORE = objectFreeze(
  bare({ fields: "", frames: bareList<Frame>(), cause: null, parts: bareList<Thrown>(), more: 0 }),
);

function fieldsText(thrown: object): string {
  const fields = ownFields(thrown);
  return fields === null ? "" : formatValue(fields, BOUNDS);
}

function safeValue(thrown: object, key: PropertyKey): unknown {
  try {
    return ownValue(thrown, key);
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
  const lines = sources.excerpts(error.frames);
  const hint =
    hintFor(error.name, error.message, lines) ||
    unawaitedAnswer(error.message, lines) ||
    ownLine(error.message, lines);
  const said = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  const head = error.fields === "" ? said : `${said} ${error.fields}`;
  const text = `${head}${hint === "" ? "" : `\n${hint}`}${lines === above ? "" : lines}`;
  let all = text;
  for (let i = 0; i < error.parts.length; i += 1) {
    const part = error.parts[i];
    if (part !== undefined) all += `\n${i + 1}. ${describe(part, sources, lines)}`;
  }
  if (error.more > 0) all += `\n… and ${error.more} more errors`;
  return error.cause === null ? all : `${all}\nCaused by ${describe(error.cause, sources, lines)}`;
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${stringSlice(text, 0, limit)}… (${text.length - limit} more characters)`;
}
