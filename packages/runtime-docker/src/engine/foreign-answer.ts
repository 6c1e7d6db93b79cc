import { RLMError } from "@rlmflow/core";
import { fieldOf } from "./engine-failure.ts";

const LONGEST_EXCERPT = 80;

/** True for what an engine tells of its version. */
export function isVersion(answer: unknown): boolean {
  return typeof fieldOf(answer, "ApiVersion") === "string";
}

/**
 * True when a call failed with an answer that no engine gives: one that is not HTTP, or a refusal without the
 * record of a message in which an engine refuses. Not for calls that ask for a stream, whose refusals are not kept.
 */
export function isForeign(error: unknown): boolean {
  const answer = fieldOf(error, "cause");
  const code = fieldOf(answer, "code");
  if (typeof code === "string" && code.startsWith("HPE_")) return true;
  const isRefusal = typeof fieldOf(answer, "statusCode") === "number";
  return isRefusal && typeof fieldOf(fieldOf(answer, "json"), "message") !== "string";
}

/** The error for an address at which something else answers; `answer` is what it said, or the error that is foreign. */
export function noEngine(address: string, answer: unknown): RLMError {
  const cause = fieldOf(answer, "cause");
  const status = fieldOf(cause, "statusCode");
  const said = RLMError.is(answer) ? saidIn(cause) : excerpt(answer);
  const withStatus = typeof status === "number" ? ` with status ${status}` : "";
  const message = `What answers at ${address} is no Docker engine: it answers${withStatus} ${said}. Say where the engine is with DOCKER_HOST or the option "docker".`;
  return new RLMError("runtime_failed", message, { cause });
}

function saidIn(cause: unknown): string {
  const isHttp = typeof fieldOf(cause, "statusCode") === "number";
  return isHttp ? excerpt(fieldOf(cause, "json")) : "in something else than HTTP";
}

/** The beginning of it, on one line and with nothing that steers a terminal. */
function excerpt(answer: unknown): string {
  const isText = typeof answer === "string" || Buffer.isBuffer(answer);
  const text = (isText ? answer.toString() : JSON.stringify(answer)) ?? "";
  const plain = text.replaceAll(/\s+/g, " ").replaceAll(/\p{C}/gu, "").trim();
  if (plain === "") return "nothing";
  return JSON.stringify(plain.length <= LONGEST_EXCERPT ? plain : `${plain.slice(0, LONGEST_EXCERPT)}…`);
}
