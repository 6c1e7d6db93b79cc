import type { AgentState } from "../../data/graph/agent-state.ts";
import { isJsonObject, type JsonSchema, type JsonValue } from "../../data/json.ts";
import type { Reply } from "../../protocols/client.ts";
import type { Language } from "../../protocols/language.ts";
import { type FoundCode, findCode } from "../../rules/code-blocks.ts";
import { explainNext, explainShown, JSON_TAKEN } from "../../rules/code-messages.ts";
import { isShownWhole } from "../../rules/describe-input.ts";
import { type OfferedAnswer, withShownAnswer } from "../../rules/offered-answer.ts";
import { typeWords } from "../../schema/json-schema/type-words.ts";
import { nearbyAnswer } from "../../schema/nearby-answer.ts";
import type { ResolvedSchema } from "../../schema/schema.ts";

type ReplyText = Pick<Reply, "text" | "finishReason">;

/** What the meaning of a reply depends on, other than its text. */
export interface ReplyPlace {
  readonly language: Language;
  readonly state: Pick<AgentState, "query">;
  /** What the answer must fit, or `null` for anything. */
  readonly schema: ResolvedSchema | null;
  /** True for the last reply the agent has. */
  readonly final: boolean;
}

/**
 * The code of a reply, or what to tell its model. A reply without code that holds nothing but a fitting answer as JSON
 * becomes the code that gives this answer, so that it is recorded, checked and replayed as any other; in the last reply
 * every value that fits is taken, and the variable that its code ends by showing, before it only a value that can't be
 * meant otherwise.
 */
export async function understandReply(reply: ReplyText, place: ReplyPlace): Promise<FoundCode> {
  const { language, state, schema } = place;
  const found = findCode(reply.text, language);
  if (found.kind === "code" && place.final) return shownAsAnswer(found, language);
  if (found.kind !== "none") return found;
  const { offered } = found;
  const value = offeredValue(offered);
  const check = value === undefined || schema === null ? null : await schema.check(value);
  const problem = check === null || check.ok ? null : check.message;
  const isWhole = reply.finishReason !== "length";
  if (
    isWhole &&
    offered !== null &&
    value !== undefined &&
    problem === null &&
    isMeant(offered, value, place)
  ) {
    const code = `await done(${language.literal?.(value) ?? ""})`;
    if (language.literal !== undefined && language.parses(code) === null)
      return { kind: "code", code, notice: JSON_TAKEN };
  }
  const next = explainNext({
    language,
    hasUnseenInput: state.query.contexts.length > 0 && !isShownWhole(state.query.contexts),
    suggested: value === undefined || schema === null ? value : await nearbyAnswer(schema, value),
    problem: offered?.kind === "value" ? problem : null,
    wanted: schema === null ? null : typeWords(schema.jsonSchema),
  });
  return { ...found, message: `${found.message} ${next}` };
}

/** Of what the last reply shows nobody sees anything: where it ends by showing a variable, that is its answer. */
function shownAsAnswer(found: FoundCode & { readonly kind: "code" }, language: Language): FoundCode {
  const shown = withShownAnswer(found.code, language);
  if (shown === null) return found;
  const notices = [found.notice ?? "", explainShown(shown.call)].filter((part) => part !== "");
  return { kind: "code", code: shown.code, notice: notices.join("\n") };
}

function offeredValue(offered: OfferedAnswer | null): JsonValue | undefined {
  if (offered?.kind === "value") return offered.value;
  return offered?.kind === "text" ? offered.text : undefined;
}

/** Whether a valid value is without doubt meant as the answer. */
function isMeant(offered: OfferedAnswer, value: JsonValue, { schema, final }: ReplyPlace): boolean {
  const wanted = schema?.jsonSchema ?? true;
  if (offered.kind === "text") return isListed(wanted);
  return final || isDescribed(wanted, value);
}

/** True for a schema that lists the values it allows: prose does not equal one of them by chance. */
function isListed(schema: JsonSchema): boolean {
  return isJsonObject(schema) && (Array.isArray(schema.enum) || schema.const !== undefined);
}

/** True when the schema constrains the value and, for an object, lists each of its fields. */
function isDescribed(schema: JsonSchema, value: JsonValue): boolean {
  if (!isJsonObject(schema) || Object.keys(schema).length === 0) return false;
  if (!isJsonObject(value)) return true;
  const { properties } = schema;
  const keys = Object.keys(value);
  return isJsonObject(properties) && keys.length > 0 && keys.every((key) => Object.hasOwn(properties, key));
}
