import type { ServerWords } from "./server-words.ts";

/** `Date.parse` alone takes nearly everything for a date, `-1` for one in 2001. */
const DATE = /^[A-Z][a-z]+, ?\d|^[A-Z][a-z]{2} [A-Z][a-z]{2} |^\d{4}-\d{2}-\d{2}T/;
/** "try again in 1m2.5s", "retry after 20 seconds", "wait 3 minutes before". */
const IN_WORDS =
  /\b(?:in|after|wait|wait for)\s+((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)(?![a-z])\s*)+)/gi;
const ASKS_TO_WAIT = /retry|try again|wait/i;
const PART = /(\d+(?:\.\d+)?)\s*(ms|milli[a-z]*|s[a-z]*|m[a-z]*|h[a-z]*)/gi;
const MOST_VALUES = 200;

/**
 * How long a server asks to wait, in milliseconds, wherever it says so: `retry-after-ms`; `retry-after` in seconds, as
 * a duration or as a date; a field of the body (Gemini's `retryDelay`, `retry_after`); the reset that OpenRouter
 * passes on; the words of the message.
 */
export function requestedWaitMs(
  headers: Headers | undefined,
  { body, message }: ServerWords,
  now: number = Date.now(),
): number | undefined {
  return (
    (headers === undefined ? undefined : retryAfterMs(headers, now)) ??
    fieldWaitMs(body, now, { left: MOST_VALUES }) ??
    (ASKS_TO_WAIT.test(message) ? wordsWaitMs(message) : undefined)
  );
}

/** The wait in the headers. A date is compared with the response's own date, so that clocks need not agree. */
export function retryAfterMs(headers: Headers, now: number = Date.now()): number | undefined {
  const milliseconds = numberMs(headers.get("retry-after-ms"), 1);
  if (milliseconds !== undefined) return milliseconds;
  const value = headers.get("retry-after")?.trim() ?? null;
  const told = numberMs(value, 1000) ?? (value === null ? undefined : durationMs(value));
  if (told !== undefined || value === null) return told;
  const until = DATE.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const serverNow = Date.parse(headers.get("date") ?? "");
  return Math.max(0, until - (Number.isNaN(serverNow) ? now : serverNow));
}

function fieldWaitMs(value: unknown, now: number, bound: { left: number }): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    bound.left -= 1;
    if (bound.left < 0) return undefined;
    const told =
      ownWaitMs(key.toLowerCase().replaceAll(/[_-]/g, ""), inner, now) ?? fieldWaitMs(inner, now, bound);
    if (told !== undefined) return told;
  }
  return undefined;
}

function ownWaitMs(key: string, value: unknown, now: number): number | undefined {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : null;
  if (text === null) return undefined;
  if (key === "retryafterms") return numberMs(text, 1);
  if (["retrydelay", "retryafter", "retryafterseconds"].includes(key))
    return numberMs(text, 1000) ?? durationMs(text);
  // OpenRouter: milliseconds since 1970, in the headers that it quotes.
  if (key !== "xratelimitreset") return undefined;
  const until = Number(text);
  if (!(until > 1e9)) return undefined;
  return Math.max(0, (until > 1e11 ? until : until * 1000) - now);
}

function wordsWaitMs(message: string): number | undefined {
  const told = [...message.matchAll(IN_WORDS)].map(([, duration = ""]) => durationMs(duration));
  const known = told.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function durationMs(text: string): number | undefined {
  if (text.replaceAll(PART, "").trim() !== "") return undefined;
  const parts = [...text.matchAll(PART)];
  if (parts.length === 0) return undefined;
  return Math.ceil(parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * unitMs(unit), 0));
}

function unitMs(unit: string): number {
  const name = unit.toLowerCase();
  if (name === "ms" || name.startsWith("milli")) return 1;
  if (name.startsWith("s")) return 1000;
  return name.startsWith("m") ? 60_000 : 3_600_000;
}

function numberMs(value: string | null, unit: number): number | undefined {
  if (value === null || !/^\d+(\.\d+)?$/.test(value.trim())) return undefined;
  const wait = Math.ceil(Number(value) * unit);
  return Number.isSafeInteger(wait) ? wait : undefined;
}
