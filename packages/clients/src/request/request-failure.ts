import type { RequestFailure, RequestFailureDetails, RLMError } from "@rlmflow/core";
import { sentences } from "@rlmflow/core/driver";
import { adviceOf } from "./failure-advice.ts";
import { FAILURE_SIGNALS, type FailureSignal, GENERAL_SIGNALS, STATUS_REASONS } from "./failure-signals.ts";
import { requestFailed } from "./request-failed.ts";
import { requestedWaitMs } from "./retry-after.ts";
import { withoutSecrets } from "./secrets.ts";
import { type Answer, type ServerWords, serverWords } from "./server-words.ts";

/** The request that failed. */
export interface FailureContext {
  readonly provider: string;
  /** Texts that must not appear in messages. */
  readonly secrets: readonly string[];
  /** False if the server got a placeholder for a key. */
  readonly keySent: boolean;
  /** The address, once the request has been sent. */
  readonly address?: string;
}

/** Codes of Node's sockets and of its `fetch`. */
const CONNECTION_CODE = /^(E[A-Z]{4,}|UND_ERR_\w+)$/;
/** What Node's `fetch` says of a broken connection, and the SDKs of one that they saw break. */
const CONNECTION_MESSAGE = /^(terminated|fetch failed|other side closed|Connection error\.?)$/;
const LONGEST_MESSAGE = 600;

/** The failure for an answer that is not a reply. Its text never holds one of the secrets. */
export function answerFailure(context: FailureContext, answer: Answer): RLMError {
  const { status, headers } = answer;
  const words = serverWords(answer.body);
  const wait = requestedWaitMs(headers, words);
  const said = short(withoutSecrets(words.message, context.secrets));
  // The status of the response takes precedence over one in its body, unless it is 200.
  const effective = status === undefined || status < 300 ? (words.status ?? status) : status;
  const signal = FAILURE_SIGNALS.find((one) => isMet(one, words, effective, wait));
  const isWrongPlace =
    words.isPage || answer.redirectedTo !== undefined || (words.message === "" && effective !== undefined);
  const reason = signal?.reason ?? generalReason(effective, words, answer);
  const advice = adviceOf(reason, signal?.kind, {
    provider: context.provider,
    keySent: context.keySent,
    wrongPlace: isWrongPlace || isAddressError(effective, words),
    message: words.message,
  });
  const what = whatCame(answer, said);
  const details: RequestFailureDetails = {
    reason,
    ...(status !== undefined && status >= 300 && { status }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  };
  return requestFailed(opening(context, reason, what), details, { advice });
}

/** The failure for a reply that ended early, with what the server sent instead of the rest. */
export function brokenOffFailure(context: FailureContext, what: string, sent = ""): RLMError {
  const said = short(withoutSecrets(serverWords(sent).message, context.secrets));
  const message = sentences(
    opening(context, "incomplete", what),
    said === "" ? "" : `The server sent: ${said}`,
  );
  return requestFailed(message, { reason: "incomplete" });
}

/** The failure for an error of a provider's SDK, or of the connection under it, without an answer. */
export function connectionFailure(context: FailureContext, error: unknown): RLMError {
  const told = short(withoutSecrets(error instanceof Error ? error.message : String(error), context.secrets));
  const reason = connectionReason(error);
  const message = withInnermost(told, error, context.secrets);
  return requestFailed(opening(context, reason, message), { reason }, { cause: error });
}

/** Names the request and its address, without the query of the address, which may hold a key. */
export function requestTo({ provider, address, secrets }: FailureContext): string {
  if (address === undefined || !URL.canParse(address)) return `${provider}: the request`;
  const { origin, pathname } = new URL(address);
  return `${provider}: the request to ${withoutSecrets(origin + pathname, secrets)}`;
}

function opening(context: FailureContext, reason: RequestFailure, what: string): string {
  return `${requestTo(context)} failed (${reason}): ${what}`;
}

function whatCame({ status, redirectedTo }: Answer, said: string): string {
  if (redirectedTo !== undefined) {
    const { origin, pathname } = new URL(redirectedTo);
    return `the server redirects the request (${status}) to ${origin}${pathname}`;
  }
  if (status === undefined) return said === "" ? "the server sent an error without a message" : said;
  if (status === 200) return said === "" ? "the answer is not a reply" : `the answer is not a reply: ${said}`;
  return said === "" ? `${status}, and the server did not say why` : `${status} ${said}`;
}

function isMet(
  { code, words, says, statuses, unlessWait }: FailureSignal,
  said: ServerWords,
  status: number | undefined,
  wait: number | undefined,
): boolean {
  if (unlessWait === true && wait !== undefined) return false;
  if (code !== undefined && said.codes.some((one) => code.test(one))) return true;
  if (says?.(said.message)) return true;
  if (words === undefined || said.isPage) return false;
  if (statuses !== undefined && !statuses(status)) return false;
  return words.test(said.message) || said.codes.some((one) => words.test(one));
}

/** The reason by the status; without one, by the most general words. */
function generalReason(status: number | undefined, said: ServerWords, answer: Answer): RequestFailure {
  const known = status === undefined ? undefined : STATUS_REASONS.get(status);
  if (known !== undefined) return known;
  if (status !== undefined && status >= 500 && status < 600) return "overloaded";
  if (status !== undefined && status >= 300 && status < 500) return "invalid_request";
  const text = [...said.codes, said.message].join("\n");
  const general = said.isPage ? undefined : GENERAL_SIGNALS.find(([words]) => words.test(text))?.[1];
  return general ?? (answer.status === undefined ? "unknown" : "invalid_request");
}

function isAddressError(status: number | undefined, { message }: ServerWords): boolean {
  if (
    status === 405 ||
    /unexpected endpoint|invalid url|no route|cannot post|unknown (url|path|endpoint)/i.test(message)
  )
    return true;
  return status === 404 && /^(404 page )?not found\.?$/i.test(message);
}

/** The reason behind an error without an answer, found along its chain of causes from the innermost. */
function connectionReason(error: unknown): RequestFailure {
  for (const link of causesOf(error)) {
    const code = codeOf(link);
    if (/time(d ?)?[ _]?out/i.test(`${link.message} ${code}`)) return "timeout";
    // A body that is not compressed as its header says will not be in a retry either.
    if (/^Z_|ERR_INVALID_URL/.test(code) || /incorrect header check/i.test(link.message))
      return "invalid_request";
    if (CONNECTION_CODE.test(code) || CONNECTION_MESSAGE.test(link.message)) return "network";
  }
  return "unknown";
}

/** The message and what is at the bottom of it: an SDK says "Connection error.", its cause says what with whom. */
function withInnermost(message: string, error: unknown, secrets: readonly string[]): string {
  const [innermost] = causesOf(error);
  const inner = innermost === undefined ? "" : innermost.message || codeOf(innermost);
  if (inner === "" || message.includes(inner)) return message;
  return `${message.replace(/\.$/, "")} (${short(withoutSecrets(inner, secrets))})`;
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code ?? "") : "";
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

function short(message: string): string {
  return message.length > LONGEST_MESSAGE
    ? `${message.slice(0, LONGEST_MESSAGE).toWellFormed()}… (${message.length} characters)`
    : message;
}
