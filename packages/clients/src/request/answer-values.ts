import type { RLMError } from "@rlmflow/core";
import { parseJson } from "@rlmflow/core/driver";
import { eventStream } from "./event-stream.ts";
import { type Answer, serverWords } from "./server-words.ts";

/**
 * The members of whatever a provider sent, about which nothing is trusted. `Object(value)` has those of an object or a
 * list; for any other value it has none that a reply has.
 */
export type Members = Readonly<Record<string, unknown>>;

/** What reading the body of an answer reports to its caller. */
export interface AnswerReading {
  /** Makes the failure of an error that the server sent within its answer. */
  refused(answer: Answer): RLMError;
  /** Makes the failure of an answer that breaks off at what the server sent. */
  brokenOff(what: string): RLMError;
  /** Called with text between the events of a stream, which may say why the stream ends early. */
  strayed(text: string): void;
}

/** The end that a Chat Completions stream announces. */
export const DONE: unique symbol = Symbol("[DONE]");

/** Longer text outside events is not kept: no reply has so much. */
const MOST_STRAY = 16 * 1024 * 1024;
const QUOTED = 300;

/**
 * The JSON values of an answer with status 200, and {@link DONE}. Normally they are the data of an event stream. A
 * server that ignores `stream: true` sends one JSON document, which was paid for, or lines of JSON. An error in any of
 * these forms is thrown as a failure, and so is an answer that is not a reply at all, such as a web page: a retry would
 * get the same.
 */
export async function* answerValues(
  body: AsyncIterable<Uint8Array>,
  reading: AnswerReading,
): AsyncGenerator<unknown> {
  let events = 0;
  let stray = "";
  for await (const part of eventStream(body)) {
    if (part.kind === "stray") {
      stray += `${part.text}\n`;
      if (stray.length > MOST_STRAY || (events === 0 && isPage(stray))) break;
      continue;
    }
    const values = valuesOf(part.lines);
    if (values === null) {
      const text = part.lines.join("\n");
      if (part.name === "error") throw reading.refused({ body: text });
      if (/^\s*[[{]/.test(text)) throw reading.brokenOff(`an event that is not JSON: ${text}`);
      stray += `${text}\n`;
      continue;
    }
    for (const value of values) {
      events += 1;
      if (value !== DONE) refuseError(value, part.name, reading);
      yield value;
    }
  }
  if (stray.trim() === "") return;
  if (events > 0) refuseTail(stray, reading);
  else yield* documentValues(stray, reading);
}

/** The values in the data of one event, none for an empty one, `null` where it is not JSON. */
function valuesOf(lines: readonly string[]): readonly unknown[] | null {
  const text = lines.join("\n").trim();
  if (text === "") return [];
  const whole = dataValue(text);
  if (whole !== undefined) return [whole];
  // Some gateways leave out the blank line between two events.
  const values = lines.filter((line) => line.trim() !== "").map((line) => dataValue(line.trim()));
  return values.includes(undefined) ? null : values;
}

function dataValue(text: string): unknown {
  return text === "[DONE]" ? DONE : parseJson(text);
}

function refuseError(value: unknown, eventName: string, { refused }: AnswerReading): void {
  if (isError(value, eventName)) throw refused({ body: value });
}

/** True for a part of a stream or a JSON body that carries an error, false for a part of a reply. */
function isError(value: unknown, eventName: string): boolean {
  const part: Members = Object(Array.isArray(value) ? value[0] : value);
  const { choices, type, object, message, detail, code, status, status_code } = part;
  const choice: Members = Object(Array.isArray(choices) ? choices[0] : undefined);
  for (const error of [part.error, choice.error])
    if (typeof error === "string" ? error.trim() !== "" : Object.keys(Object(error)).length > 0) return true;
  // MiniMax sends this together with an empty reply: https://platform.minimax.io/docs/api-reference/errorcode
  const failed: unknown = Object(part.base_resp).status_code;
  if (typeof failed === "number" && failed !== 0) return true;
  if (eventName === "error" || type === "error" || object === "error") return true;
  const says = typeof message === "string" || typeof detail === "string";
  const isCoded = code !== undefined || status !== undefined || status_code !== undefined;
  return says && choices === undefined && isCoded;
}

/** Text after events: a server that failed within a stream may have written the reason there. */
function refuseTail(stray: string, reading: AnswerReading): void {
  const value = parseJson(stray);
  if (value !== undefined) refuseError(value, "", reading);
  reading.strayed(stray.trim());
}

function* documentValues(text: string, reading: AnswerReading): Generator<unknown> {
  const whole = parseJson(text);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const values = whole === undefined ? lines.map(parseJson) : [whole];
  if (values.includes(undefined)) {
    if (/^\s*[[{]/.test(text)) throw reading.brokenOff(`JSON that breaks off: ${text}`);
    throw noReply(text, reading);
  }
  for (const value of values) {
    if (isError(value, "")) throw noReply(value, reading);
    yield value;
  }
}

/** The failure for an answer with status 200 that holds no part of a reply: a retry would get the same. */
export function noReply(body: unknown, { refused }: AnswerReading): RLMError {
  return refused({ status: 200, body });
}

function isPage(text: string): boolean {
  return text.length > QUOTED && serverWords(text).isPage;
}
