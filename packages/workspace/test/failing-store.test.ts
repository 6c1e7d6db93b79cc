import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RLMFlow, RunError } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { expect, test } from "vitest";
import { sealLine } from "../src/log/log-line.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { block } from "./recorded-run.ts";

/** A run whose model writes a file with each reply, and what it ends with; `between` comes before the reply of that turn. */
async function failedRun(reply: string, between: (directory: string) => Promise<void>) {
  const workspace = await openedWorkspace();
  const prompts: string[] = [];
  const client = scriptedClient(async ({ messages, turn }) => {
    prompts.push(JSON.stringify(messages));
    if (turn === 1) await between(workspace.directory);
    return block(turn === 0 ? "await writeFile('a.txt', 'one')" : reply);
  });
  await using flow = new RLMFlow({ client, runtime: localRuntime(), workspace, tools: fileTools(workspace) });
  const error = await flow.run("Write.", { runId: "run", context: "one two three ".repeat(20_000) }).then(
    ({ answer }) => expect.fail(`it answered ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RunError)) throw error;
  expect(prompts.length, prompts.at(-1)?.slice(-600)).toBe(2);
  for (const prompt of prompts) expect(prompt).not.toContain(".rlmflow");
  return { error, workspace };
}

const CATCHES = "try { await writeFile('b.txt', 'two') } catch (error) { print(error.message) }";
const writes = (directory: string) => join(directory, ".rlmflow/runs/run/branches/main/writes.jsonl");

test.each([
  ["damaged", "hello\n", "damaged_log"],
  ["newer", sealLine('{"v":99,"key":"x"').toString(), "unsupported_format"],
])("a log of writes that is %s ends the run without a further request", async (_, line, code) => {
  const workspace = await openedWorkspace();
  let asked = 0;
  const client = scriptedClient(async () => {
    asked += 1;
    await appendFile(writes(workspace.directory), line);
    return block(CATCHES);
  });
  await using flow = new RLMFlow({ client, runtime: localRuntime(), workspace, tools: fileTools(workspace) });
  const error = await flow.run("Write.", { runId: "run" }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code, message: expect.stringContaining("writes.jsonl") });
  expect(asked).toBe(1);
  expect(await readdir(workspace.directory)).toEqual([".rlmflow"]);
});

test("a context that is damaged while code reads it ends the run, whatever the code makes of it", async () => {
  const { error } = await failedRun(
    "try { print(CONTEXT.read(200_000, 200_010)) } catch { print('unreadable') }",
    async (directory) => {
      const contexts = join(directory, ".rlmflow/context");
      for (const name of await readdir(contexts)) {
        const text = await readFile(join(contexts, name), "utf8");
        await writeFile(join(contexts, name), text.slice(0, 1000));
      }
    },
  );
  expect(error.code).toBe("damaged_log");
});
