import { isJsonObject, type JsonSchema } from "../../data/json.ts";
import type { Attempt, Outcome } from "../../data/node.ts";
import type { Usage } from "../../data/usage.ts";
import { sentences } from "../../data/words.ts";
import { isBrokenInvariant } from "../../invariant.ts";
import type { Message, Reply } from "../../protocols/client.ts";
import type { Call } from "../../protocols/runtime.ts";
import { answerIn } from "../../rules/reasoning.ts";
import { checkModelSchema } from "../../schema/model-schema.ts";
import { readJsonReply } from "../../schema/read-json-reply.ts";
import { withRequiredKeys } from "../../schema/required-keys.ts";
import type { ResolvedSchema } from "../../schema/schema.ts";
import type { AgentPort } from "./agent-port.ts";
import { errorData } from "./error-data.ts";
import type { Finished } from "./mailbox.ts";
import { attemptsOf, request } from "./request.ts";

/** Who asks in an `llmQuery`, and under which key. */
export interface Asker {
  readonly port: AgentPort;
  readonly effectKey: string;
  /** The model of the agent. */
  readonly model: string;
  /** Place among the agent's replies of the one whose code asks. */
  readonly turn: number;
}

interface Exchange {
  readonly model: string;
  readonly effectKey: string;
  readonly messages: readonly Message[];
  readonly output?: JsonSchema;
}

/** What one request came to. */
interface Told {
  readonly outcome: Outcome;
  readonly attempts: readonly Attempt[];
}

/** `llmQuery(prompt, options)`: one request, or two where the first reply does not fit the schema. Rejects only for a broken invariant. */
export async function queryModel(asker: Asker, call: Call): Promise<Finished> {
  const [prompt, options = {}] = call.args;
  const { models } = asker.port.settings;
  if (typeof prompt !== "string" || prompt === "")
    return refused("llmQuery(prompt, options): the prompt must be a non-empty string.");
  if (!isJsonObject(options)) return refused("llmQuery(prompt, options): the options must be an object.");
  const { model = asker.model, output, ...rest } = options;
  const unknown = Object.keys(rest);
  if (unknown.length > 0)
    return refused(`llmQuery: unknown option ${unknown.join(", ")}. Options: model, output.`);
  if (typeof model !== "string" || !models.has(model))
    return refused(
      `llmQuery: there is no model ${JSON.stringify(model)}. Models: ${[...models.keys()].join(", ")}.`,
    );
  const { effectKey } = asker;
  const question: Message = { role: "user", content: prompt };
  if (output === undefined) return finished(await ask(asker, { model, effectKey, messages: [question] }));
  const checked = checkModelSchema(withRequiredKeys(output));
  if (!checked.ok) return refused(`llmQuery: output: ${checked.message}`);
  return await askForJson(asker, model, question, checked.schema);
}

function refused(message: string): Finished {
  return { outcome: { ok: false, error: { name: "TypeError", message } } };
}

/** A query that sent nothing has used nothing. */
function finished({ outcome, attempts }: Told): Finished {
  return attempts.length === 0 ? { outcome } : { outcome, attempts, usage: sum(attempts) };
}

async function ask({ port, turn }: Asker, exchange: Exchange): Promise<Told> {
  const { messages, ...rest } = exchange;
  try {
    const caller = { agentId: port.agentId, turn, purpose: "query" } as const;
    // A block that runs when the run is paused goes on to its end, and so do its queries: nothing lets them rest.
    const outcome = await request(port, {
      ...rest,
      messages: () => messages,
      signal: port.inFlight.effectSignal,
      caller,
      onRetry: (retry) => port.tell({ type: "retry", ...retry }),
    });
    if (outcome.kind === "no_room") {
      const { name, value } = outcome.limit;
      return told("LimitError", `llmQuery: no room is left below ${name} = ${value}.`);
    }
    const { reply, attempts } = outcome.answered;
    const answer = answerIn(reply.text);
    const problem = problemOf(reply, answer);
    if (problem === null) return { outcome: { ok: true, value: answer }, attempts };
    return told("QueryError", `llmQuery: ${problem}`, attempts);
  } catch (error) {
    if (isBrokenInvariant(error)) throw error;
    return told("QueryError", `llmQuery: ${errorData(error).message}`, attemptsOf(error));
  }
}

const SHOWN = 300;

/** Why a reply is no answer, or `null` for one that is. */
function problemOf(reply: Reply, answer: string): string | null {
  const { finishReason, text, toolCalls } = reply;
  if (finishReason === "refused" || finishReason === "filtered")
    return sentences(`the model gave no answer (${finishReason})`, text);
  if (finishReason === "length") {
    const shown = answer.length > SHOWN ? `${answer.slice(0, SHOWN).toWellFormed()}…` : answer;
    const began = shown === "" ? "" : `It began: ${shown}`;
    return sentences("the reply was cut off at its token limit: ask for less at a time", began);
  }
  if (answer !== "") return null;
  if (text.trim() !== "")
    return "the model gave no answer: its whole reply is a reasoning section that is never closed.";
  if (toolCalls !== undefined) return "the model gave no answer: it called a tool, but it has none.";
  return `the model gave no answer (${finishReason})`;
}

function told(name: string, message: string, attempts: readonly Attempt[] = []): Told {
  return { outcome: { ok: false, error: { name, message } }, attempts };
}

/** Asks for JSON that fits the schema; a reply that does not is shown its fault once. */
async function askForJson(
  asker: Asker,
  model: string,
  question: Message,
  schema: ResolvedSchema,
): Promise<Finished> {
  const output = schema.jsonSchema;
  const content = `Answer with one JSON value and nothing else. It must fit this JSON Schema:\n${JSON.stringify(output)}`;
  const messages: readonly Message[] = [{ role: "system", content }, question];
  const first = await ask(asker, { model, effectKey: asker.effectKey, messages, output });
  if (!first.outcome.ok) return finished(first);
  const text = String(first.outcome.value);
  const read = await readJsonReply(text, schema);
  if (read.ok) return finished({ ...first, outcome: read });
  const fault = sentences(`That does not fit: ${read.message}`, "Answer again, with the JSON value alone.");
  const second = await ask(asker, {
    model,
    effectKey: asker.effectKey,
    messages: [...messages, { role: "assistant", content: text }, { role: "user", content: fault }],
    output,
  });
  const attempts = [...first.attempts, ...second.attempts];
  if (!second.outcome.ok) return finished({ ...second, attempts });
  const again = await readJsonReply(String(second.outcome.value), schema);
  if (again.ok) return finished({ outcome: again, attempts });
  const message = `llmQuery: the reply does not fit the schema: ${again.message}`;
  return finished(told("QueryError", message, attempts));
}

/** The known parts added up; a part that nobody told of is unknown. */
function sum(attempts: readonly Attempt[]): Usage {
  const add = (unit: keyof Usage) =>
    attempts.reduce<number | null>(
      (total, { usage }) => (usage[unit] === null ? total : (total ?? 0) + usage[unit]),
      null,
    );
  return {
    input: add("input"),
    cached: add("cached"),
    output: add("output"),
    reasoning: add("reasoning"),
    costMicroUsd: add("costMicroUsd"),
  };
}
