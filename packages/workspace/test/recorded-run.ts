import { type Graph, RLMFlow, type Tool } from "@rlmflow/core";
import type { RunStores } from "@rlmflow/core/store";
import { localRuntime } from "@rlmflow/runtime-local";
import { type ScriptedRequest, scriptedClient } from "@rlmflow/testing";

/** A block of code as a model sends it. */
export function block(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}

/** A flow whose model answers from the script and writes down whom it has answered, as `agent turn`. */
export function countingFlow(
  script: (request: ScriptedRequest) => string,
  stores: RunStores,
  tools: readonly Tool[] = [],
): { readonly flow: RLMFlow; readonly asked: string[] } {
  const asked: string[] = [];
  const client = scriptedClient((request) => {
    asked.push(`${request.agentId} ${request.turn}${request.purpose === "query" ? " query" : ""}`);
    return script(request);
  });
  return {
    flow: new RLMFlow({ client, runtime: localRuntime(), workspace: stores, tools: [...tools] }),
    asked,
  };
}

/**
 * A run in which the root has two readers at work side by side, asks a model about what they found, and answers.
 * `wording` changes what later replies say, as a model that is asked again would.
 */
export function mapReduce(wording: string): (request: ScriptedRequest) => string {
  return ({ agentId, turn, purpose }) => {
    if (purpose === "query") return `${wording} query`;
    if (agentId.endsWith(".left"))
      return turn === 0 ? block("const left = 2; print(left)") : block("done(left * 10)");
    if (agentId.endsWith(".right")) return turn === 0 ? block("let right = 3") : block("done(right * 10)");
    switch (turn) {
      case 0:
        return block("const handles = ['left', 'right'].map((side) => delegate(side, 'Read it.'))");
      case 1:
        return block(
          "const parts = await wait(...handles); const said = await llmQuery('what?'); print(parts, said)",
        );
      default:
        return block(`done(parts.join('+') + ' ${wording} ' + said)`);
    }
  };
}

/** Runs the map-reduce run to its end. */
export async function recordRun(stores: RunStores, runId: string): Promise<Graph> {
  const { flow } = countingFlow(mapReduce("first"), stores);
  await using _ = flow;
  return (await flow.run("Read both sides.", { runId })).graph;
}
