import type { JsonObject, JsonValue } from "../../data/json.ts";
import { RLMError } from "../../errors.ts";
import type { Client } from "../../protocols/client.ts";
import type { Environment } from "../../protocols/environment.ts";
import type { Runtime } from "../../protocols/runtime.ts";
import type { RunStores } from "../../protocols/store.ts";
import type { Tool } from "../../protocols/tool.ts";
import { configProblems, type RunConfig, resolveConfig, rootConfig } from "../../rules/limits.ts";
import { type AgentView, PromptBuilder, promptOf } from "../../rules/prompt.ts";
import { copyJson } from "../../schema/json-copy.ts";
import { defaultEnvironment, monotonicClock } from "../environment/default-environment.ts";
import { type Price, Provider } from "../resources/provider.ts";
import { ReplPermits } from "../resources/repl-permits.ts";
import { RuntimeProofs } from "../resources/runtime-proofs.ts";
import { Semaphore } from "../resources/semaphore.ts";
import type { FlowSettings, MessagesSeam, NewAgent, OnAction, OnToolCall } from "../resources/settings.ts";
import { memoryStores } from "../store/memory-store.ts";
import { functionTool } from "../tool/function-tool.ts";
import { refuseToolName } from "../tool/tool-name.ts";
import { unknownOption } from "./check-run-options.ts";

/** A client among several, with what a model should know of it and its own cap on requests in flight. */
export interface ModelOption {
  readonly client: Client;
  /** What the model is good for: agents read it when they choose. */
  readonly description?: string;
  /** Requests in flight to this client at a time. Default: the flow's `maxConcurrency`. */
  readonly maxConcurrency?: number;
}

/** The options of a flow, all optional. {@link FlowParts} says which of them must be given. */
export interface FlowOptions {
  readonly client?: Client;
  /** Several models by key. The root uses `default`, or the first when there is none of that name. */
  readonly clients?: Readonly<Record<string, Client | ModelOption>>;
  readonly runtime?: Runtime;
  /** Several runtimes by key. The root uses `default`, or the first when there is none of that name. */
  readonly runtimes?: Readonly<Record<string, Runtime>>;
  /** Chooses the runtime of a new agent by key, where its parent has not. */
  readonly runtimeFor?: (agent: NewAgent) => string;
  readonly tools?: readonly Tool[];
  /** JSON values that stand in every REPL, and functions of the host that code may call. */
  readonly globals?: Readonly<Record<string, JsonValue | ((...args: never[]) => unknown)>>;
  /** Where runs are kept. Default: in memory. */
  readonly workspace?: RunStores;
  readonly config?: RunConfig;
  /** Prices by the model's name as the provider gives it. Needed for `maxCostUsd`. */
  readonly prices?: Readonly<Record<string, Price>>;
  readonly prompt?: PromptBuilder | string | ((agent: AgentView) => string);
  readonly messages?: MessagesSeam;
  readonly onAction?: OnAction;
  readonly onToolCall?: OnToolCall;
  /** Time, chance and digests. Default: the real ones. */
  readonly environment?: Environment;
  /** Whether closing the flow closes its runtimes. Default `true`; `false` for runtimes that flows share. */
  readonly closeRuntimes?: boolean;
}

/** The options of a flow, of which `client` or `clients`, and `runtime` or `runtimes`, must be given. */
export type FlowParts = FlowOptions &
  (Required<Pick<FlowOptions, "client">> | Required<Pick<FlowOptions, "clients">>) &
  (Required<Pick<FlowOptions, "runtime">> | Required<Pick<FlowOptions, "runtimes">>);

const OPTIONS: readonly (keyof FlowOptions)[] = [
  "client",
  "clients",
  "runtime",
  "runtimes",
  "runtimeFor",
  "tools",
  "globals",
  "workspace",
  "config",
  "prices",
  "prompt",
  "messages",
  "onAction",
  "onToolCall",
  "environment",
  "closeRuntimes",
];

/** Checks options and completes them. Throws one `invalid_options` that names every fault. */
export function resolveOptions(options: FlowOptions): FlowSettings {
  const problems = [...optionProblems(options)];
  const tools = collectTools(options, problems);
  const globals = jsonGlobals(options, problems);
  if (problems.length > 0)
    throw new RLMError(
      "invalid_options",
      `The options of RLMFlow have ${problems.length === 1 ? "a fault" : `${problems.length} faults`}: ${problems.join("; ")}.`,
      { details: { problems } },
    );
  const config = resolveConfig(options.config);
  const environment = monotonicClock(options.environment ?? defaultEnvironment());
  const models = modelOptions(options);
  const providers = models.map(([key, { client, maxConcurrency }]) => {
    const price = options.prices?.[client.model];
    return [
      key,
      new Provider({
        client,
        environment,
        price,
        maxRetries: config.maxRetries,
        maxConcurrency: maxConcurrency ?? config.maxConcurrency,
      }),
    ] as const;
  });
  const runtimes = runtimeOptions(options);
  const defaultModel = defaultKey(models.map(([key]) => key));
  const defaultRuntime = defaultKey(runtimes.map(([key]) => key));
  return {
    config,
    rootConfig: rootConfig(config, defaultModel, defaultRuntime),
    environment,
    providers: new Map(providers),
    models: new Map(
      models.map(([key, { client, description = "" }]) => [
        key,
        { name: client.model, description, price: options.prices?.[client.model] },
      ]),
    ),
    runtimes: new Map(runtimes),
    languages: new Map(runtimes.map(([key, { language }]) => [key, language])),
    runtimeFor: options.runtimeFor ?? null,
    tools,
    globals,
    prompt: promptOf(options.prompt),
    messages: options.messages ?? null,
    onAction: options.onAction ?? null,
    onToolCall: options.onToolCall ?? null,
    stores: options.workspace ?? memoryStores(environment.digest),
    requests: new Semaphore(config.maxConcurrency),
    permits: new ReplPermits(config.maxLiveRepls),
    proofs: new RuntimeProofs(),
    arrival: 0,
  };
}

function* optionProblems(options: FlowOptions): Generator<string> {
  const unknown = Object.keys(options).filter((name) => !(OPTIONS as readonly string[]).includes(name));
  if (unknown.length > 0)
    yield `${unknown.map((name) => unknownOption(name, OPTIONS)).join("; ")}; the options are ${OPTIONS.join(", ")}`;
  if ((options.client === undefined) === (options.clients === undefined))
    yield "give either client or clients, for example client: openaiClient({ model }) from @rlmflow/clients/openai";
  if ((options.runtime === undefined) === (options.runtimes === undefined))
    yield "give either runtime or runtimes, for example runtime: isolatedRuntime() from @rlmflow/runtime-isolated";
  const models = modelOptions(options);
  if (options.clients !== undefined && models.length === 0) yield "clients is empty";
  if (options.runtimes !== undefined && runtimeOptions(options).length === 0) yield "runtimes is empty";
  for (const [key, { client, maxConcurrency }] of models) {
    if (typeof client?.chat !== "function" || client?.protocol !== 1)
      yield `the client "${key}" is not a client of protocol 1`;
    else if (options.config?.maxCostUsd != null && options.prices?.[client.model] === undefined)
      yield `config.maxCostUsd needs a price for every model, and prices has none for "${client.model}"`;
    if (maxConcurrency !== undefined && !(Number.isInteger(maxConcurrency) && maxConcurrency > 0))
      yield `clients.${key}.maxConcurrency must be a whole number of at least 1`;
  }
  for (const [key, runtime] of runtimeOptions(options)) {
    const lacking = runtimeLacks(runtime);
    if (lacking.length > 0)
      yield `the runtime "${key}" has no ${lacking.join(", no ")} (isolatedRuntime() makes one, channelRuntime() of @rlmflow/repl one of your own)`;
    else if (runtime.protocol !== 1) yield `the runtime "${key}" is not a runtime of protocol 1`;
  }
  if (typeof (options.config ?? {}) !== "object") yield "config must be an object";
  else yield* configProblems(options.config ?? {});
  yield* priceProblems(options.prices);
  yield* seamProblems(options);
}

function* priceProblems(prices: FlowOptions["prices"] = {}): Generator<string> {
  for (const [model, price] of Object.entries(prices)) {
    for (const value of [
      price.inputPerMillionUsd,
      price.outputPerMillionUsd,
      price.cachedPerMillionUsd ?? 0,
    ]) {
      if (typeof value !== "number" || !(value >= 0))
        yield `prices["${model}"] needs inputPerMillionUsd and outputPerMillionUsd, numbers of at least 0`;
    }
  }
}

function* seamProblems(options: FlowOptions): Generator<string> {
  for (const name of ["messages", "onAction", "onToolCall", "runtimeFor"] as const)
    if (options[name] !== undefined && typeof options[name] !== "function")
      yield `${name} must be a function`;
  const { prompt } = options;
  const usable =
    typeof prompt === "string" || typeof prompt === "function" || prompt instanceof PromptBuilder;
  if (prompt !== undefined && !usable) yield "prompt must be text, a PromptBuilder or a function";
}

function modelOptions({ client, clients }: FlowOptions): readonly (readonly [string, ModelOption])[] {
  if (client !== undefined) return [["default", { client }]];
  return Object.entries(clients ?? {}).map(([key, option]) => [
    key,
    typeof option === "object" && option !== null && "client" in option ? option : { client: option },
  ]);
}

function runtimeOptions({ runtime, runtimes }: FlowOptions): readonly (readonly [string, Runtime])[] {
  return runtime !== undefined ? [["default", runtime]] : Object.entries(runtimes ?? {});
}

function defaultKey(keys: readonly string[]): string {
  return keys.includes("default") ? "default" : (keys[0] ?? "default");
}

function collectTools(
  { tools = [], globals = {} }: FlowOptions,
  problems: string[],
): ReadonlyMap<string, Tool> {
  const byName = new Map<string, Tool>();
  const add = (tool: Tool) => {
    if (byName.has(tool.name)) problems.push(`there are two tools named ${tool.name}`);
    byName.set(tool.name, tool);
  };
  for (const tool of Array.isArray(tools) ? tools : [null]) {
    const reason = typeof tool?.name === "string" ? refuseToolName(tool.name) : null;
    if (typeof tool?.run !== "function" || typeof tool.check !== "function")
      problems.push("tools must be a list of tools made with defineTool");
    else if (reason !== null) problems.push(`the tool name ${JSON.stringify(tool.name)} ${reason}`);
    else add(tool);
  }
  for (const [name, value] of Object.entries(globals)) {
    if (typeof value !== "function") continue;
    try {
      add(functionTool(name, value));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return byName;
}

function jsonGlobals({ globals = {} }: FlowOptions, problems: string[]): JsonObject {
  const values: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(globals)) {
    if (typeof value === "function") continue;
    const copied = copyJson(value);
    const reason = copied.ok ? refuseToolName(name) : `is not JSON but ${copied.problem}`;
    if (reason !== null) problems.push(`the global ${JSON.stringify(name)} ${reason}`);
    else if (copied.ok) values[name] = copied.value;
  }
  return values;
}

/** What every runtime has and this value has not, whatever the caller's types let through. */
function runtimeLacks(runtime: unknown): readonly string[] {
  const given: Readonly<Record<string, unknown>> = Object(runtime);
  return [
    ...["protocol", "name", "language"].filter((name) => given[name] === undefined),
    ...["open", "close"].filter((name) => typeof given[name] !== "function").map((name) => `${name}()`),
  ];
}
