import { defineTool, type JsonValue, RLMFlow, type Runtime } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import type { Workspace } from "@rlmflow/workspace";

const block = (code: string) => `\`\`\`repl\n${code}\n\`\`\``;

/** A flow whose second block waits for the tool `hold`, with a variable of the first. */
export function heldFlow(runtime: Runtime, workspace: Workspace, hold: () => Promise<JsonValue>): RLMFlow {
  const tool = defineTool({
    name: "hold",
    description: "Waits.",
    input: { type: "object", properties: {} },
    repeat: "safe",
    run: hold,
  });
  const client = scriptedClient([
    block("var first = 40; print(first);"),
    block("var second = await hold(); await done(first + second);"),
  ]);
  return new RLMFlow({ client, runtime, workspace, tools: [tool] });
}
