import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ScriptedRequest, scriptedClient } from "@rlmflow/testing";
import { defineTool, RLMFlow } from "../../src/index.ts";
import type { RunStores } from "../../src/store.ts";
import { inlineRuntime } from "../engine/inline-runtime.ts";

/** A number in 0 … limit - 1 that these words always give. */
export function below(limit: number, ...words: readonly (string | number)[]): number {
  return createHash("sha256").update(JSON.stringify(words)).digest().readUInt32BE() % limit;
}

/** Statements a random block is made of. Handles are kept in `vars`, since they are awaitable themselves. */
const STATEMENTS: readonly string[] = [
  "vars.h.push(delegate('a', 'a part'))",
  "vars.h.push(delegate('b', 'a part')); vars.h.push(delegate('b', 'a part'))",
  "if (vars.h[0]) print(await wait(vars.h[0]))",
  "if (vars.h[1]) print(await Promise.all([wait(vars.h[1]), pause(1)]))",
  "if (vars.h[2]) print(await Promise.race([wait(vars.h[0]), wait(vars.h[2])]))",
  "print(await Promise.allSettled(vars.h.slice(-2).map((handle) => wait(handle))))",
  "if (vars.h[0]) vars.h.push(delegate(vars.h[0], 'a further part'))",
  "print(await Promise.all([pause(2), pause(0), once(1)]))",
  "await pause(3)",
  "once(2)",
  "throw new Error('on purpose')",
];

function reply(seed: number, { agentId, turn }: ScriptedRequest): string {
  const words = [seed, agentId, turn];
  if (below(12, "prose", ...words) === 0) return "I have to think.";
  const count = 1 + below(4, "count", ...words);
  const statements = Array.from({ length: count }, (_, place) => {
    return STATEMENTS[below(STATEMENTS.length, "statement", place, ...words)] ?? "";
  });
  const isLast = below(3, "end", ...words) === 0;
  const code = ["vars.h ??= []", ...statements, ...(isLast ? [`await done('${agentId} ${turn}')`] : [])];
  return `\`\`\`repl\n${code.join("\n")}\n\`\`\``;
}

/** Who was asked for which reply, as `agent turn`. */
export interface RandomFlow {
  readonly flow: RLMFlow;
  readonly asked: string[];
}

/** A flow whose agents do something that follows from the seed and their place alone. */
export function randomFlow(seed: number, stores: RunStores): RandomFlow {
  const asked: string[] = [];
  const client = scriptedClient(
    (request) => {
      asked.push(`${request.agentId} ${request.turn}`);
      return reply(seed, request);
    },
    { latencyMs: ({ agentId, turn }) => below(4, "latency", seed, agentId, turn) },
  );
  const input = { type: "object", properties: { ms: { type: "number" } }, required: ["ms"] } as const;
  const run = async ({ ms }: { ms: number }) => sleep(ms, ms);
  const flow = new RLMFlow({
    client,
    runtime: inlineRuntime(),
    workspace: stores,
    tools: [
      defineTool({ name: "pause", description: "Waits.", input, repeat: "safe", run }),
      defineTool({ name: "once", description: "Waits, never twice.", input, repeat: "never", run }),
    ],
    config: { maxDepth: 3, maxIterations: 5, childMaxIterations: 4, maxAgents: 14 },
  });
  return { flow, asked };
}
