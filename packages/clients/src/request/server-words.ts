import { isJsonObject } from "@rlmflow/core";
import { parseJson } from "@rlmflow/core/driver";

/** An answer of a server that is not a reply. */
export interface Answer {
  /** Absent for an error within a stream, whose status means nothing. */
  readonly status?: number;
  readonly headers?: Headers;
  /** The body as text, or the part of a stream that is the error. */
  readonly body: unknown;
  /** The target of a redirect that was not followed. */
  readonly redirectedTo?: string;
}

/** What a server said about an error, collected from all the places in which servers put it. */
export interface ServerWords {
  /** The server's message, without the body around it. Empty if there is none. */
  readonly message: string;
  /** Codes, types and status words, as they were written. */
  readonly codes: readonly string[];
  /** A status in the body. */
  readonly status: number | undefined;
  /** The body, parsed if it was JSON. */
  readonly body: unknown;
  readonly isPage: boolean;
}

const TOLD = new Set(["message", "msg", "detail", "details", "error", "error_description", "error_message"]);
const TOLD_WITHIN = new Set(["raw", "status_msg", "title", "reason", "description", ...TOLD]);
const CODED = new Set(["code", "type", "status", "status_code", "error_type", "reason", "quotaId", "__type"]);
const DEEPEST = 8;
const MOST_VALUES = 500;
const LONGEST_PART = 4000;

/** Reads an error body of any shape: `{error: {…}}`, `{…}`, `[{…}]`, bare strings, JSON within JSON, a web page. */
export function serverWords(body: unknown): ServerWords {
  const parsed = typeof body === "string" ? (parseJson(body) ?? body) : body;
  if (typeof parsed === "string") {
    const isPage = /^\s*<(!doctype|html|head|body|\?xml)/i.test(parsed);
    return {
      message: isPage ? pageTitle(parsed) : isNoise(parsed) ? "bytes that are no text" : parsed.trim(),
      codes: [],
      status: undefined,
      body: parsed,
      isPage,
    };
  }
  const found = { told: new Set<string>(), codes: new Set<string>(), status: undefined, left: MOST_VALUES };
  gather(parsed, found, 0);
  const message = [...found.told].filter((text) => !inside(text, found.told)).join(": ");
  const isEmpty = !isJsonObject(parsed) || Object.keys(parsed).length === 0;
  return {
    message: message === "" && !isEmpty ? JSON.stringify(parsed) : message,
    codes: [...found.codes],
    status: found.status,
    body: parsed,
    isPage: false,
  };
}

interface Found {
  readonly told: Set<string>;
  readonly codes: Set<string>;
  status: number | undefined;
  left: number;
}

function gather(value: unknown, found: Found, depth: number): void {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return;
  for (const [key, inner] of Object.entries(value)) {
    found.left -= 1;
    if (found.left < 0) return;
    if (CODED.has(key)) takeCode(inner, found);
    if (typeof inner === "string") {
      if (!(depth === 0 ? TOLD : TOLD_WITHIN).has(key)) continue;
      const nested = /^\s*[[{]/.test(inner) ? parseJson(inner) : undefined;
      if (nested !== undefined) gather(nested, found, depth + 1);
      else if (inner.trim() !== "") found.told.add(inner.trim().slice(0, LONGEST_PART));
    } else if (isComplaintList(key, inner)) {
      found.told.add(JSON.stringify(inner).slice(0, LONGEST_PART));
    } else gather(inner, found, depth + 1);
  }
}

/** FastAPI's list of invalid fields, in which the place of each says more than its message. */
function isComplaintList(key: string, value: unknown): boolean {
  return (key === "message" || key === "detail") && typeof value === "object" && value !== null;
}

function takeCode(value: unknown, found: Found): void {
  if (typeof value !== "string" && typeof value !== "number") return;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 400 && number <= 599) found.status ??= number;
  found.codes.add(String(value).slice(0, 200));
}

function inside(text: string, all: ReadonlySet<string>): boolean {
  return [...all].some((other) => other !== text && other.includes(text));
}

function pageTitle(page: string): string {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(page)?.[1]?.replaceAll(/\s+/g, " ").trim() ?? "";
  return title === "" ? "a web page" : `a web page, "${title}"`;
}

/** Characters that stand for bytes which are no text, or that no text has. */
const NO_TEXT = /\ufffd|(?!\s)\p{Cc}/gu;

/** True for the bytes of something else, decoded as if they were text: an image, a compressed body. */
function isNoise(text: string): boolean {
  // A beginning of JSON in another encoding still has codes to read.
  return !/^\s*[[{]/.test(text) && (text.match(NO_TEXT)?.length ?? 0) > text.length / 10;
}
