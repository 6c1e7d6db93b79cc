import { type RequestFailure, type RequestFailureDetails, RLMError, sentences } from "@rlmflow/core";
import { member } from "./member.ts";
import { retryAfterMs } from "./retry-after.ts";
import { withoutSecrets } from "./secrets.ts";

/** What to do about a failure that does not pass by itself; a passing one is retried by the engine. */
const ADVICE: Readonly<Partial<Record<RequestFailure, string>>> = {
  authentication: "Check the key and what it may use.",
  quota: "Check the plan and the billing of the account.",
  context_too_long: "Send less: a smaller maxMessages or maxOutputLength, or more work in the REPL.",
  invalid_request: "Check the model's name and the client's options.",
};

/** Words of a provider that say more than the status. */
const SPECIFIC_WORDS: ReadonlyMap<string, RequestFailure> = new Map([
  ["insufficient_quota", "quota"],
  ["billing_error", "quota"],
  ["billing_hard_limit_reached", "quota"],
  ["context_length_exceeded", "context_too_long"],
  ["request_too_large", "context_too_long"],
]);

/** Words of a provider for errors that came inside a stream, where there is no status. */
const GENERAL_WORDS: ReadonlyMap<string, RequestFailure> = new Map([
  ["rate_limit_exceeded", "rate_limit"],
  ["rate_limit_error", "rate_limit"],
  ["overloaded_error", "overloaded"],
  ["server_error", "overloaded"],
  ["api_error", "overloaded"],
  ["timeout_error", "timeout"],
  ["invalid_api_key", "authentication"],
  ["authentication_error", "authentication"],
  ["permission_error", "authentication"],
  ["invalid_request_error", "invalid_request"],
  ["not_found_error", "invalid_request"],
]);

const STATUSES: ReadonlyMap<number, RequestFailure> = new Map([
  [401, "authentication"],
  [402, "quota"],
  [403, "authentication"],
  [408, "timeout"],
  [409, "overloaded"],
  [413, "context_too_long"],
  [429, "rate_limit"],
  [504, "timeout"],
]);

const TOO_LONG =
  /maximum context length|context (window|size|limit)|prompt is too long|exceeds? the (available )?context/i;
const NO_CREDIT = /credit balance is too low/i;
/** Codes of Node's sockets and of its `fetch`. */
const CONNECTION_CODE = /^(E[A-Z]{4,}|UND_ERR_\w+)$/;
/** What Node's `fetch` says of a broken connection, and the SDKs of one that they saw break. */
const CONNECTION_MESSAGE = /^(terminated|fetch failed|other side closed|Connection error\.?)$/;
const LONGEST_MESSAGE = 600;

/** An error `request_failed` with its typed details. */
export function requestFailed(message: string, details: RequestFailureDetails, cause?: unknown): RLMError {
  const full = sentences(message, ADVICE[details.reason] ?? "");
  return new RLMError("request_failed", full, { cause, details: { ...details } });
}

/** What an error of a provider's SDK, or of the connection under it, means. Its text never holds one of the secrets. */
export function failureOf(provider: string, error: unknown, secrets: readonly string[]): RLMError {
  const status = numberOr(member(error, "status"), undefined);
  const body = bodyOf(error);
  const answered = status !== undefined || body !== undefined;
  const told = messageOf(error, secrets);
  const message = answered ? told : withInnermost(told, error, secrets);
  const reason = answered
    ? answerReason(status ?? numberOr(Number(member(body, "code")), 0), wordsOf(body), message)
    : connectionReason(error);
  const headers = member(error, "headers");
  const wait = headers instanceof Headers ? retryAfterMs(headers) : undefined;
  const details: RequestFailureDetails = {
    reason,
    ...(status !== undefined && { status }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  };
  return requestFailed(`${provider}: the request failed (${reason}): ${message}`, details, error);
}

/** The reason behind an answer with an error: the provider's own word, then the status. */
function answerReason(status: number, words: readonly string[], message: string): RequestFailure {
  const specific = words.map((word) => SPECIFIC_WORDS.get(word)).find((reason) => reason !== undefined);
  if (specific !== undefined) return specific;
  if (status < 401 && TOO_LONG.test(message)) return "context_too_long";
  if (status < 401 && NO_CREDIT.test(message)) return "quota";
  const byStatus = statusReason(status);
  if (byStatus !== undefined) return byStatus;
  return words.map((word) => GENERAL_WORDS.get(word)).find((reason) => reason !== undefined) ?? "unknown";
}

function statusReason(status: number): RequestFailure | undefined {
  const known = STATUSES.get(status);
  if (known !== undefined) return known;
  if (status >= 500 && status < 600) return "overloaded";
  return status >= 400 && status < 500 ? "invalid_request" : undefined;
}

/** The reason behind an error without an answer, found along its chain of causes from the innermost. */
function connectionReason(error: unknown): RequestFailure {
  for (const link of causesOf(error)) {
    const code = String(member(link, "code") ?? "");
    if (/time(d ?)?[ _]?out/i.test(`${link.message} ${code}`)) return "timeout";
    if (link instanceof SyntaxError || /ended without/.test(link.message)) return "incomplete";
    if (CONNECTION_CODE.test(code) || CONNECTION_MESSAGE.test(link.message)) return "network";
  }
  return "unknown";
}

/** The message and what is at the bottom of it: an SDK says "Connection error.", its cause says what with whom. */
function withInnermost(message: string, error: unknown, secrets: readonly string[]): string {
  const [innermost] = causesOf(error);
  const inner = innermost === undefined ? "" : innermost.message || String(member(innermost, "code") ?? "");
  if (inner === "" || message.includes(inner)) return message;
  return `${message.replace(/\.$/, "")} (${short(withoutSecrets(inner, secrets))})`;
}

function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  let link = error;
  while (link instanceof Error && chain.length < 8) {
    chain.unshift(link);
    link = link.cause;
  }
  return chain;
}

/** The innermost `error` object of the provider's answer: both `{error: {…}}` and `{…}` are in use. */
function bodyOf(error: unknown): object | undefined {
  const outer = member(error, "error");
  const inner = member(outer, "error") ?? outer;
  return typeof inner === "object" && inner !== null ? inner : undefined;
}

function wordsOf(body: unknown): readonly string[] {
  return [member(body, "code"), member(body, "type")].filter((word) => typeof word === "string");
}

function numberOr<Other>(value: unknown, other: Other): number | Other {
  return typeof value === "number" && Number.isFinite(value) ? value : other;
}

function messageOf(error: unknown, secrets: readonly string[]): string {
  return short(withoutSecrets(error instanceof Error ? error.message : String(error), secrets));
}

function short(message: string): string {
  return message.length > LONGEST_MESSAGE
    ? `${message.slice(0, LONGEST_MESSAGE).toWellFormed()}… (${message.length} characters)`
    : message;
}
