import { isJsonObject, type JsonObject, parseJson } from "../data/json.ts";
import { jsonLine } from "./json-line.ts";

/** Whether {@link describeInput} shows all of these texts, so that whoever reads it has seen the whole input. */
export function isShownWhole(contexts: readonly Pick<InputBeginning, "characters">[]): boolean {
  const most = mostShown(contexts.length);
  return contexts.length <= MAX_DESCRIBED && contexts.every(({ characters }) => characters <= most);
}

/** A context of a new agent, with as much of its beginning as was read. */
export interface InputBeginning {
  readonly key: string;
  /** UTF-16 units of the whole. */
  readonly characters: number;
  readonly metadata?: JsonObject;
  /** The first {@link BEGINNING} units, or all where there are fewer. */
  readonly beginning: string;
}

/** How many characters of each context are read for its description, so that a large one costs no more than a small one. */
export const BEGINNING = 65_536;

/** How many contexts are described; the rest are only counted. */
export const MAX_DESCRIBED = 16;

const SHOWN = 400;
const SHOWN_TOGETHER = 1_600;
const METADATA = 200;
const KEYS = 300;

/** What reads an only context that is JSON, where the agent's language has no spelling of its own for it. */
export const READ_JSON = "const data = JSON.parse(CONTEXT.text())";

/**
 * The description of an agent's contexts for its first query: how large they are and how they begin. Text of a context is
 * quoted as one line of JSON, so that nothing in it can look like part of the conversation.
 * At most about 5,000 characters.
 */
export function describeInput(
  contexts: readonly InputBeginning[],
  count: number,
  readJson = READ_JSON,
): string {
  const [only] = contexts;
  if (only === undefined) return "";
  const shown = mostShown(contexts.length);
  if (count === 1) return `CONTEXT holds ${describe(only, shown, readJson)}`;
  const lines = contexts.map((context) => `- ${name(context.key)}: ${describe(context, shown)}`);
  const rest = count - contexts.length;
  const more = rest > 0 ? [`- and ${rest} more: CONTEXT.keys() lists them all`] : [];
  return [
    `CONTEXT holds ${count} texts by key; CONTEXT.get(${name(only.key)}) is the first:`,
    ...lines,
    ...more,
  ].join("\n");
}

/** Characters that are shown of each of so many texts. */
function mostShown(count: number): number {
  return count === 1 ? SHOWN : Math.floor(SHOWN_TOGETHER / count);
}

function name(key: string): string {
  return jsonLine(key, 80);
}

function describe(
  { characters, metadata, beginning }: InputBeginning,
  shown: number,
  readJson?: string,
): string {
  const size = [
    `${grouped(characters)} characters`,
    lineCount(beginning, characters),
    kind(beginning, characters),
  ];
  if (size.at(-1) !== "" && readJson !== undefined) size.push(`\`${readJson}\` reads it`);
  const about = metadata === undefined ? "" : ` Its metadata: ${jsonLine(metadata, METADATA)}.`;
  const facts = size.filter((part) => part !== "").join(", ");
  if (characters === 0) return `an empty text.${about}`;
  const how = characters <= shown ? "All of it as a JSON string" : "Its beginning as a JSON string";
  return `${facts}.${about} ${how}: ${jsonLine(beginning, shown)}`;
}

/** The number of lines as the REPL counts them: a final line break does not begin another line. */
function lineCount(beginning: string, characters: number): string {
  let breaks = 0;
  for (let at = beginning.indexOf("\n"); at !== -1; at = beginning.indexOf("\n", at + 1)) breaks += 1;
  if (beginning.length === characters) {
    const lines = beginning === "" || beginning.endsWith("\n") ? breaks : breaks + 1;
    return `${grouped(lines)} ${lines === 1 ? "line" : "lines"}`;
  }
  if (breaks === 0) return "with very long lines";
  const lines = Math.round((breaks / beginning.length) * characters);
  const step = 10 ** Math.max(0, String(lines).length - 2);
  return `about ${grouped(Math.round(lines / step) * step)} lines`;
}

/** What kind of JSON the text is; nothing for other text. Of what was not read whole only the beginning is known. */
function kind(beginning: string, characters: number): string {
  if (!/^\s*[[{]/.test(beginning)) return "";
  if (beginning.length !== characters) return beginsLikeJson(beginning) ? "begins like JSON" : "";
  const value = parseJson(beginning);
  if (Array.isArray(value)) return `JSON: a list of ${grouped(value.length)}`;
  if (!isJsonObject(value)) return "";
  return `JSON: an object with the keys ${jsonLine(Object.keys(value), KEYS)}`;
}

/** One value that goes on behind the beginning: of lines of JSON each is a value of its own. */
function beginsLikeJson(beginning: string): boolean {
  const [line = ""] = beginning.trimStart().split("\n", 1);
  return /^(?:\{\s*"|\[\s*[[{"\d-])/.test(beginning.trimStart()) && parseJson(line) === undefined;
}

/** A whole number with separators for thousands. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
