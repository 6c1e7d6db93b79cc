import { defineTool, type Environment, RLMError, RLMFlow, type Runtime, type Tool } from "@rlmflow/core";
import type { RunStores } from "@rlmflow/core/store";
import { type ScriptedReply, type ScriptedRequest, scriptedClient } from "@rlmflow/testing";
import { agentProgram, hashOf, LAST_BLOCK, type ProgramOptions } from "./agent-program.ts";
import { ShuffledAnswers } from "./shuffled-answers.ts";

/** A flow that runs one random program. */
export interface RandomFlowOptions extends ProgramOptions {
  readonly runtime: Runtime;
  readonly stores: RunStores;
  /** Decides the order of answers. */
  readonly order: number;
  /** REPLs alive at a time: few of them force evictions. */
  readonly maxLiveRepls: number;
  readonly maxConcurrency?: number;
  readonly environment?: Environment;
}

/** The flow, and what it asked models for: `agent turn` of each reply. */
export interface RandomFlow {
  readonly flow: RLMFlow;
  readonly asked: readonly string[];
}

/** Makes the flow of a random program: its model replies the program's blocks, its tools answer in a random order. */
export function randomFlow(options: RandomFlowOptions): RandomFlow {
  const answers = new ShuffledAnswers(options.order);
  const asked: string[] = [];
  const script = async (request: ScriptedRequest): Promise<ScriptedReply> => {
    const { agentId, turn, purpose } = request;
    if (purpose === "act") asked.push(`${agentId} ${turn}`);
    await answers.turn();
    return purpose === "query" ? answerOf(request) : replyOf(options, agentId, turn);
  };
  const flow = new RLMFlow({
    client: scriptedClient(script),
    runtime: options.runtime,
    tools: tools(answers),
    workspace: options.stores,
    closeRuntimes: false,
    ...(options.environment !== undefined && { environment: options.environment }),
    config: {
      maxIterations: 12,
      childMaxIterations: 7,
      maxDepth: 2,
      // Which agent comes too late is a matter of time.
      maxAgents: options.calm ? 500 : 14,
      maxLiveRepls: options.maxLiveRepls,
      maxRetries: 0,
      maxConcurrency: options.maxConcurrency ?? 16,
    },
  });
  return { flow, asked };
}

/** A model's reply; some children fail for good. */
function replyOf(options: ProgramOptions, agentId: string, turn: number): string {
  if (/fails(_\d+)?$/.test(agentId) && hashOf(`${options.seed} ${agentId} ${turn}`) % 3 === 0)
    throw new RLMError("request_failed", "the model is gone", { details: { reason: "quota" } });
  return `\`\`\`repl\n${agentProgram(options, agentId)[turn] ?? LAST_BLOCK}\n\`\`\``;
}

function answerOf({ messages }: ScriptedRequest): string {
  const prompt = messages.at(-1)?.content ?? "";
  if (prompt === "fail")
    throw new RLMError("request_failed", "no such answer", { details: { reason: "invalid_request" } });
  return "a".repeat(1 + (hashOf(prompt) % 30));
}

/** Answers follow from the arguments alone, so that a call that is made again gives the same. */
function tools(answers: ShuffledAnswers): readonly Tool[] {
  const number = { type: "number" } as const;
  return [
    defineTool({
      name: "get",
      description: "A number by its key.",
      input: { type: "object", properties: { key: number }, required: ["key"] },
      repeat: "safe",
      run: async ({ key }: { key: number }) => {
        await answers.turn();
        if (key < 0) throw new RangeError(`there is no key ${key}`);
        return hashOf(`key ${key}`) % 100;
      },
    }),
    defineTool({
      name: "rows",
      description: "Rows of a table.",
      input: { type: "object", properties: { count: number }, required: ["count"] },
      repeat: "safe",
      run: async ({ count }: { count: number }) => {
        await answers.turn();
        return Array.from({ length: count }, (_, row) => ({ row, name: `row ${row}` }));
      },
    }),
    defineTool({
      name: "post",
      description: "Sends something.",
      input: { type: "object", properties: { value: number }, required: ["value"] },
      repeat: "never",
      run: async ({ value }: { value: number }) => {
        await answers.turn();
        return `sent ${value}`;
      },
    }),
  ];
}
