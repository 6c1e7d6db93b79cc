import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const shown = async (code: string): Promise<string> => (await ReplDriver.open(runtime)).print(code);
const written = (line: string): string => `Write: ${line}\n`;

describe("the model's own line is shown as it was meant", () => {
  test.each([
    ["const q = llmQuery('a');\nprint(q.trim())", "print((await q).trim())"],
    ["print(llmQuery('a, b)').length)", "print((await llmQuery('a, b)')).length)"],
    ["const all = { a: [llmQuery('a')] };\nall.a[0].slice(1) + 1", "(await all.a[0]).slice(1) + 1"],
    ["const h = delegate('a', 'b');\nprint(h.result)", "print(await h)"],
    ["const h = delegate('a', 'b');\nprint(h.result[0])", "print((await h)[0])"],
    [
      "const part = 'x'.repeat(2_000);\nawait delegate('Summarize all of this text, please.', part)",
      `await delegate("part", 'Summarize all of this text, please.', { context: part })`,
    ],
    ["const r = await delegate('Sum it')", `const r = await delegate("part", 'Sum it')`],
    ["await delegate({ name: 'a', query: 'Sum it' })", "await delegate('a', 'Sum it')"],
    [
      "const text = 'x';\nawait delegate({ task: `Sum, it`, context: text, output: { type: 'object' } })",
      "await delegate(\"part\", `Sum, it`, { context: text, output: { type: 'object' } })",
    ],
    [
      "const part = 'x';\nawait delegate('sum', 'Sum it', part);",
      "await delegate('sum', 'Sum it', { context: part });",
    ],
  ])("%s", async (code, line) => {
    expect(await shown(code)).toContain(written(line));
  });

  test.each([
    ["[llmQuery('a')].map((call) => call.trim())", "where await can't stand"],
    ["const a = llmQuery('a'), b = llmQuery('b'); a.trim() + b.trim()", "where two things may be meant"],
    ["const options = ['Sum it'];\nawait delegate(options)", "where the task isn't seen"],
    ["await delegate(\n  'Sum it',\n)", "where a call goes on over lines"],
  ])("%s is left as it is: %s", async (code) => {
    expect(await shown(code)).toContain("TypeError");
    expect(await shown(code)).not.toContain("Write:");
  });
});

test.each([
  [
    "const tasks = ['a'];\nawait rlm_query_batched(tasks)",
    'write await wait(...tasks.map((task, i) => delegate("part" + i, task))).',
  ],
  ["await rlm_query('do it')", "write await delegate(\"part\", 'do it')."],
  ["const text = await llm('What?', { n: 1 })", "write await llmQuery('What?')."],
  ["const total = 3;\nsubmit(total)", "write await done(total)."],
  ["submit(\n  3\n)", "write await done(…), with the answer between the parentheses."],
])("a name of another system is answered with the call that was meant: %s", async (code, call) => {
  expect(await shown(code)).toContain(call);
});
