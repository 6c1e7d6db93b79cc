import { RLMError, RLMFlow } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { scriptedClient } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { openWorkspace } from "@rlmflow/workspace";

/*
 * node many-runs.ts <directory> <runs>
 * Begins or resumes so many runs at once, each with a child, contexts, a blob and a file, and prints a line of JSON for
 * each when it has ended: its `answer`, or `code` and `message` of its error, and the nodes that were `told`.
 */

const [directory = "", count = "1"] = process.argv.slice(2);
const client = scriptedClient(({ agentId, turn }) => {
  const steps = [
    "const part = delegate('part', 'Read.', { context: 'text' });",
    "await writeFile('a' + CONTEXT.info().characters + '.txt', 'x');",
    "print('x'.repeat(70_000));",
    "await done(await part);",
  ];
  const code = agentId === "root" ? steps[turn] : "await done(CONTEXT.info().characters);";
  return `\`\`\`repl\n${code}\n\`\`\``;
});
await using workspace = await openWorkspace(directory);
await using flow = new RLMFlow({
  client,
  runtime: isolatedRuntime(),
  workspace,
  tools: fileTools(workspace),
});
const known = new Set((await workspace.branches()).map(({ runId }) => runId));

async function oneRun(runId: string, context: string): Promise<void> {
  const told: string[] = [];
  const end = await follow(runId, context, told).catch((error: unknown) =>
    RLMError.is(error) ? { code: error.code, message: error.message } : { message: String(error) },
  );
  process.stdout.write(`${JSON.stringify({ runId, ...end, told })}\n`);
}

async function follow(runId: string, context: string, told: string[]) {
  const graph = known.has(runId) ? await workspace.load(runId) : null;
  // A run that failed before its first node holds nothing.
  const isNew = graph === null || graph.length === 0;
  const run = isNew ? flow.run("Go.", { runId, context }) : flow.resume(graph);
  for await (const event of run) if (event.type === "node") told.push(event.node.id);
  return { answer: (await run).answer };
}

await Promise.all(Array.from({ length: Number(count) }, (_, at) => oneRun(`run-${at}`, "c".repeat(at + 1))));
