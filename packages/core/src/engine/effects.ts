import type { AgentState } from "../data/chain.ts";
import { isJsonObject, type JsonSchema, type JsonValue } from "../data/json.ts";
import type { Attempt, ErrorData } from "../data/node.ts";
import { callNodeId, effectKey } from "../data/node-id.ts";
import { UNKNOWN_USAGE, type Usage } from "../data/usage.ts";
import { RLMError } from "../errors.ts";
import type { Message } from "../protocols/client.ts";
import type { Call } from "../protocols/runtime.ts";
import type { AgentPort } from "./agent-port.ts";
import { errorData, type Finished } from "./arrivals.ts";
import { checkModelSchema } from "./model-schema.ts";
import { request } from "./request.ts";
import type { ResolvedSchema } from "./schema.ts";

/** What a call of a block is made for. */
export interface CallSite {
  readonly actionId: string;
  readonly call: Call;
  readonly state: AgentState;
}

/** Does what a call asks for, outside the REPL. Never rejects: what goes wrong is an outcome for the code. */
export async function performCall(port: AgentPort, site: CallSite): Promise<Finished> {
  try {
    if (site.call.name === "llmQuery") return await queryModel(port, site);
    if (site.call.name === "done") return await judgeAnswer(port, site);
    return await callTool(port, site);
  } catch (error) {
    return failed(errorData(error));
  }
}

/** An outcome for code that asked for something wrong. */
export function failed(error: ErrorData, attempts?: readonly Attempt[]): Finished {
  return { outcome: { ok: false, error }, ...(attempts !== undefined && { attempts }) };
}

function keyOf(port: AgentPort, site: CallSite): string {
  const { run } = port.journal.graph;
  return effectKey(run.runId, run.branch.id, callNodeId(site.actionId, site.call.index));
}

async function callTool(port: AgentPort, site: CallSite): Promise<Finished> {
  const { call, state } = site;
  const tool = state.query.tools.includes(call.name) ? port.settings.tools.get(call.name) : undefined;
  if (tool === undefined)
    return failed({ name: "ReferenceError", message: `There is no function ${call.name} for this agent.` });
  const input = await tool.check(call.args);
  const context = {
    effectKey: keyOf(port, site),
    agentId: port.agentId,
    depth: state.query.depth,
    signal: port.signal,
  };
  return { outcome: { ok: true, value: asJson(await tool.run(input, context), tool.name) } };
}

function asJson(value: unknown, name: string): JsonValue {
  const text = value === undefined ? "null" : JSON.stringify(value);
  if (text === undefined)
    throw new RLMError("invalid_options", `The tool ${name} gave a ${typeof value}, which is not JSON.`);
  return JSON.parse(text) as JsonValue;
}

/** `done(value)`: the verdict is an answer only when the value is refused. */
async function judgeAnswer(port: AgentPort, { call, state }: CallSite): Promise<Finished> {
  const value = call.args[0] ?? null;
  const schema = port.schemaOf(state.query);
  const check = schema === null ? ({ ok: true, value } as const) : await schema.check(value);
  if (check.ok)
    return { outcome: { ok: true, value: null }, accepted: { value: asJson(check.value, "done") } };
  return failed({
    name: "TypeError",
    message: `done: the value does not fit the output schema: ${check.message}`,
  });
}

async function queryModel(port: AgentPort, site: CallSite): Promise<Finished> {
  const { call, state } = site;
  const [prompt, options = {}] = call.args;
  if (typeof prompt !== "string" || prompt === "")
    return failed({
      name: "TypeError",
      message: "llmQuery(prompt, options): the prompt must be a non-empty string.",
    });
  if (!isJsonObject(options))
    return failed({
      name: "TypeError",
      message: "llmQuery(prompt, options): the options must be an object.",
    });
  const { model = state.config.model, output } = options;
  if (typeof model !== "string" || !port.settings.providers.has(model)) {
    return failed({
      name: "TypeError",
      message: `llmQuery: there is no model ${JSON.stringify(model)}. Models: ${[...port.settings.providers.keys()].join(", ")}.`,
    });
  }
  if (output === undefined) return await askOnce(port, site, model, [{ role: "user", content: prompt }]);
  const checked = checkModelSchema(output);
  if (!checked.ok) return failed({ name: "TypeError", message: `llmQuery: output: ${checked.message}` });
  return await askForJson(port, site, model, prompt, checked.schema);
}

async function askOnce(
  port: AgentPort,
  site: CallSite,
  model: string,
  messages: readonly Message[],
  output?: JsonSchema,
): Promise<Finished> {
  try {
    const outcome = await request(port.settings, {
      model,
      messages: () => messages,
      effectKey: keyOf(port, site),
      signal: port.signal,
      caller: { agentId: port.agentId, turn: Math.max(0, site.state.replies - 1), purpose: "query" },
      budget: port.budget,
      ...(output !== undefined && { output }),
    });
    if (outcome.kind === "no_room")
      return failed({
        name: "LimitError",
        message: `llmQuery: no room is left below ${outcome.limit.name} = ${outcome.limit.value}.`,
      });
    const { reply, attempts } = outcome.answered;
    const usable = reply.finishReason !== "refused" && reply.finishReason !== "filtered" && reply.text !== "";
    if (!usable)
      return {
        ...failed(
          {
            name: "QueryError",
            message: `llmQuery: the model gave no answer (${reply.finishReason}). ${reply.text}`.trim(),
          },
          attempts,
        ),
        usage: sum(attempts),
      };
    return { outcome: { ok: true, value: reply.text }, attempts, usage: sum(attempts) };
  } catch (error) {
    const attempts =
      RLMError.is(error) && Array.isArray(error.details.attempts)
        ? (error.details.attempts as readonly Attempt[])
        : [];
    const message = error instanceof Error ? error.message : String(error);
    return {
      ...failed({ name: "QueryError", message: `llmQuery: ${message}` }, attempts),
      usage: sum(attempts),
    };
  }
}

/** Asks for JSON that fits the schema; a reply that does not is shown its fault once. */
async function askForJson(
  port: AgentPort,
  site: CallSite,
  model: string,
  prompt: string,
  schema: ResolvedSchema,
): Promise<Finished> {
  const output = schema.jsonSchema;
  const system: Message = {
    role: "system",
    content: `Answer with one JSON value and nothing else. It must fit this JSON Schema:\n${JSON.stringify(output)}`,
  };
  let messages: readonly Message[] = [system, { role: "user", content: prompt }];
  let attempts: readonly Attempt[] = [];
  for (let round = 0; ; round++) {
    const answer = await askOnce(port, site, model, messages, output);
    attempts = [...attempts, ...(answer.attempts ?? [])];
    if (!answer.outcome.ok) return { ...answer, attempts, usage: sum(attempts) };
    const text = String(answer.outcome.value);
    const read = await readJson(text, schema);
    if (read.ok) return { outcome: { ok: true, value: read.value }, attempts, usage: sum(attempts) };
    if (round === 1)
      return {
        ...failed(
          { name: "QueryError", message: `llmQuery: the reply does not fit the schema: ${read.message}` },
          attempts,
        ),
        usage: sum(attempts),
      };
    messages = [
      ...messages,
      { role: "assistant", content: text },
      { role: "user", content: `That does not fit: ${read.message} Answer again.` },
    ];
  }
}

async function readJson(
  text: string,
  schema: ResolvedSchema,
): Promise<{ ok: true; value: JsonValue } | { ok: false; message: string }> {
  const body = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return { ok: false, message: `It is not JSON: ${errorData(error).message}.` };
  }
  const check = await schema.check(value);
  return check.ok ? { ok: true, value: asJson(check.value, "llmQuery") } : check;
}

function sum(attempts: readonly Attempt[]): Usage {
  const add = (unit: keyof Usage) =>
    attempts.reduce<number | null>(
      (total, { usage }) => (usage[unit] === null ? total : (total ?? 0) + usage[unit]),
      null,
    );
  if (attempts.length === 0) return UNKNOWN_USAGE;
  return {
    input: add("input"),
    cached: add("cached"),
    output: add("output"),
    reasoning: add("reasoning"),
    costMicroUsd: add("costMicroUsd"),
  };
}
