import { checkRun, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import type { ActionNode, Client, ErrorNode, JsonSchema } from "../../src/index.ts";
import { block, flowOf, runFailureOf } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";

const COUNT: JsonSchema = {
  type: "object",
  properties: { count: { type: "integer" } },
  required: ["count"],
};
const KIND: JsonSchema = { enum: ["billing", "software"] };

const json = (text: string) => `\`\`\`json\n${text}\n\`\`\``;

interface Told {
  readonly answer: unknown;
  /** The replies it took. */
  readonly replies: number;
  /** What the model was told after its first reply. */
  readonly told: string;
}

/** Runs an agent that replies thus, and by code that answers when that was not taken. */
async function replyWith(reply: string, output: JsonSchema | null, replies = 5): Promise<Told> {
  let told = "";
  await using flow = flowOf(
    ({ turn, messages }) => {
      if (turn === 0) return reply;
      told = messages.at(-1)?.content ?? "";
      return block(`done(${output === KIND ? '"billing"' : output === null ? 1 : '{ "count": 1 }'})`);
    },
    { config: { maxIterations: replies } },
  );
  const { answer, graph } = await flow.run("How many?", output === null ? {} : { output });
  await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  const actions = graph.chain("root").filter((node) => node.type === "action");
  return { answer, replies: actions.length, told };
}

describe("an answer without code", () => {
  test.each<[string, string, JsonSchema | null, unknown]>([
    ["JSON in its block", json('{"count": 42}'), COUNT, { count: 42 }],
    ["JSON in a block without a tag", '```\n{"count": 42}\n```', COUNT, { count: 42 }],
    ["JSON in a block behind prose", `I counted them.\n\n${json('{"count": 42}')}`, COUNT, { count: 42 }],
    ["bare JSON", '{"count": 42}', COUNT, { count: 42 }],
    ["bare JSON behind prose", 'The answer:\n{\n  "count": 42\n}', COUNT, { count: 42 }],
    ["JSON after a thought", `<think>42?</think>\n${json('{"count": 42}')}`, COUNT, { count: 42 }],
    ["a bare number", "42", { type: "integer" }, 42],
    ["a bare list", "[1, 2]", { type: "array", items: { type: "integer" } }, [1, 2]],
    ["a word of the schema's", " billing\n", KIND, "billing"],
    ["a call", 'FINAL({"count": 42})', COUNT, { count: 42 }],
    ["a call for any answer", 'FINAL("42")', null, "42"],
  ])("is taken when it is %s that fits", async (_, reply, output, answer) => {
    expect(await replyWith(reply, output)).toEqual({ answer, replies: 1, told: "" });
  });

  test.each<[string, string, JsonSchema | null, string]>([
    ["prose", "It is 42.", null, 'send it as code:\n```repl\nawait done("It is 42.")\n```'],
    ["prose with the number", "It is 42.", COUNT, 'await done({"count":42})'],
    ["prose with several numbers", "Of 50 it is 42.", COUNT, "which must be {count: integer}"],
    [
      "JSON that does not fit",
      json('{"total": 42}'),
      COUNT,
      'does not fit: count: wanted integer, got nothing. If this is your answer, send it as code:\n```repl\nawait done({"count":42})',
    ],
    [
      "JSON with a field too many",
      json('{"count": 42, "plan": "x"}'),
      COUNT,
      'await done({"count":42,"plan":"x"})',
    ],
    ["JSON for any answer", json('{"count": 42}'), null, 'await done({"count":42})'],
    ["a plan as JSON for any object", json('{"plan": 1}'), { type: "object" }, 'await done({"plan":1})'],
    ["a word that is none of the schema's", "Billing it is.", KIND, 'which must be "billing" | "software"'],
    [
      "two blocks of JSON",
      `${json('{"count": 1}')}\n${json('{"count": 2}')}`,
      COUNT,
      "which must be {count: integer}",
    ],
    ["a call that is no code", "FINAL(about 42)", null, 'await done("about 42")'],
  ])("is not taken when it is %s, and the model is shown how to send it", async (_, reply, output, told) => {
    const result = await replyWith(reply, output);
    expect(result.told).toContain(told);
    expect(result.told).toContain("Nothing ran");
    expect(result.replies).toBe(2);
  });

  test.each<[string, string, JsonSchema | null, unknown]>([
    ["any JSON that fits", json('{"count": 42, "note": "x"}'), COUNT, { count: 42, note: "x" }],
    ["any JSON where any answer fits", json('{"count": 42}'), null, { count: 42 }],
    ["a text in quotes", '"about 42"', null, "about 42"],
  ])("is taken in the last reply when it is %s", async (_, reply, output, answer) => {
    expect(await replyWith(reply, output, 1)).toEqual({ answer, replies: 1, told: "" });
  });

  test.each<[string, string, JsonSchema | null, unknown]>([
    ["prints a variable", block("const answer = 41 + 1;\nprint(answer)"), null, 42],
    ["prints a field", block("const found = { n: 42 };\nprint(found.n);"), null, 42],
    ["ends with a variable", block("const answer = { count: 42 };\nanswer"), COUNT, { count: 42 }],
    ["prints a variable without a fence", "const answer = Number(42);\nprint(answer)", null, 42],
  ])("is what the last reply shows where it %s", async (_, reply, output, answer) => {
    expect(await replyWith(reply, output, 1)).toEqual({ answer, replies: 1, told: "" });
    expect((await replyWith(reply, output)).replies).toBe(2);
  });

  test.each([
    ["prints words", block('print("I could not find it.")')],
    ["prints several values", block('const n = 1;\nprint("n:", n)')],
    ["prints what does not fit", block('const n = "1";\nprint(n)')],
  ])("is nothing that the last reply shows where it %s", async (_, reply) => {
    await using flow = flowOf(() => reply, { config: { maxIterations: 1 } });
    const { error } = await runFailureOf(flow.run("How many?", { output: COUNT })).then(
      () => ({ error: "limit" }),
      () => ({ error: "answered" }),
    );
    expect(error).toBe("limit");
  });

  test("is not taken from a reply that was cut", async () => {
    const replies = ["42", block("done(425)")];
    const client = scriptedClient(({ turn }) => replies[turn] ?? "");
    const cut: Client = {
      ...client,
      chat: async (...request) => {
        const reply = await client.chat(...request);
        return reply.text === "42" ? { ...reply, finishReason: "length" } : reply;
      },
    };
    await using flow = flowOf(() => "", { client: cut });
    const { answer } = await flow.run("How many?", { output: { type: "integer" } });
    expect(answer).toBe(425);
  });

  test("is recorded as the code it stands for, with a notice", async () => {
    await using flow = flowOf(() => json('{"count": 42}'));
    const { graph } = await flow.run("How many?", { output: COUNT });
    const action = graph.chain("root").find((node): node is ActionNode => node.type === "action");
    expect(action).toMatchObject({ reply: json('{"count": 42}'), code: 'await done({"count":42})' });
    expect(action?.notice).toContain("was taken as your answer");
  });
});

describe("an agent that reaches its limit says what it offered last", () => {
  async function limitOf(replies: readonly string[], output: JsonSchema = COUNT): Promise<string> {
    await using flow = flowOf(({ turn }) => replies[turn] ?? "", {
      config: { maxIterations: replies.length },
    });
    const { graph } = await runFailureOf(flow.run("How many?", { output }));
    const end = graph
      .chain("root")
      .findLast((node): node is ErrorNode => node.type === "error" && node.fatal);
    return end?.message ?? "";
  }

  test.each<[string, readonly string[], string]>([
    [
      "a refused value",
      [block("done({ total: 42 })"), block("1")],
      'It last offered {"total":42}, which was refused: done: the value does not fit the output schema: count: wanted integer, got nothing',
    ],
    ["a reply in prose", [block("1"), "It is \u202e42."], 'Its last reply had no code: "It is \\u202e42."'],
    [
      "JSON that does not fit",
      [json('{"total": 42}')],
      'Its last reply had no code: "```json\\n{\\"total\\": 42}\\n```"',
    ],
    ["what it printed", [block("1"), block("print(42)")], 'Its last output was "42".'],
    [
      "the exception of its last block",
      [block("print(42)"), block("throw new Error('line 1\\nline 2' + '.'.repeat(5_000))")],
      'Its last block failed: "Error: line 1\\nline 2...',
    ],
  ])("%s", async (_, replies, said) => {
    expect(await limitOf(replies)).toContain(
      `Agent root reached maxIterations = ${replies.length} after ${replies.length} repl${replies.length === 1 ? "y" : "ies"} without an answer. ${said}`,
    );
  });

  test("and that its last reply was cut", async () => {
    const scripted = scriptedClient(() => block("print(42)"));
    const client: Client = {
      ...scripted,
      chat: async (...request) => ({ ...(await scripted.chat(...request)), finishReason: "length" }),
    };
    await using flow = flowOf(() => "", { client, config: { maxIterations: 1 } });
    const { message } = await runFailureOf(flow.run("How many?"));
    expect(message).toContain(
      "without an answer. Its last reply was cut at its limit of tokens. Its last output",
    );
  });

  test("and is short about a large one", async () => {
    const message = await limitOf([block("done({ total: 'x'.repeat(200_000) })")]);
    expect(message).toContain('It last offered {"total":"xxx');
    expect(message.length).toBeLessThan(1_000);
  });

  test("and its parent's code is told", async () => {
    await using flow = flowOf(
      ({ agentId }) =>
        agentId === "root"
          ? block("try { await delegate('a', 'A') } catch (error) { done(error.message) }")
          : "It is 42.",
      { config: { childMaxIterations: 1 } },
    );
    const { answer } = await flow.run("Go.");
    expect(answer).toContain('Its last reply had no code: "It is 42."');
  });
});
