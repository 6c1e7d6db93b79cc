import { fixedEnvironment, type ScriptedRequest, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import type { JsonValue, Reply } from "../../../src/index.ts";
import { RLMFlow } from "../../../src/index.ts";
import { inlineRuntime } from "../inline-runtime.ts";

/** What a query came to whose model gives these replies, and what it was asked. */
async function queried(replies: readonly (string | Partial<Reply>)[], output?: JsonValue) {
  const asked: ScriptedRequest["messages"][] = [];
  const client = scriptedClient((request) => {
    if (request.purpose === "act") {
      const options = output === undefined ? "" : `, { output: ${JSON.stringify(output)} }`;
      const code = `try { done({ value: await llmQuery("What is it?"${options}) }); } catch (error) { done({ error: error.message }); }`;
      return `\`\`\`repl\n${code}\n\`\`\``;
    }
    asked.push(request.messages);
    return replies[asked.length - 1] ?? "no more replies";
  });
  await using flow = new RLMFlow({ client, runtime: inlineRuntime(), environment: fixedEnvironment() });
  const { answer } = await flow.run("Ask.");
  return { answer, asked };
}

const N = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };
const KIND = { enum: ["software", "hardware"] };
const ROW = {
  type: "object",
  properties: { kind: { $ref: "#/$defs/kind" }, tags: { type: "array", items: KIND } },
  required: ["kind"],
  $defs: { kind: KIND },
};

describe("llmQuery with a schema takes what is unambiguous, with one request", () => {
  test.each<[string, JsonValue, string, JsonValue]>([
    ["JSON", N, ' {"n": 42}\n', { n: 42 }],
    ["JSON behind reasoning", N, '<think>\n{"n": 1}\n</think>\n{"n": 42}', { n: 42 }],
    [
      "JSON behind reasoning that began before the reply",
      N,
      'perhaps {"n": 1}\n</think>\n\n{"n": 42}',
      { n: 42 },
    ],
    [
      "JSON in a channel",
      N,
      '<|channel|>analysis<|message|>{"n":1}<|end|><|start|>assistant<|channel|>final<|message|>{"n": 42}',
      { n: 42 },
    ],
    ["a fence", N, '```json\n{"n": 42}\n```', { n: 42 }],
    ["a fence among prose", N, 'Here it is:\n\n```json\n{"n": 42}\n```\nAnything else?', { n: 42 }],
    ["a fence with another tag", N, '```JSON5\n{"n": 42}```', { n: 42 }],
    ["an object among prose", N, 'The answer {as you asked} is {"n": 42}. [1]', { n: 42 }],
    ["the same object twice", N, '{"n": 42} – again: {"n":42}', { n: 42 }],
    ["a brace in a string", { type: "object" }, 'It is {"a": "}{"}.', { a: "}{" }],
    ["trailing commas", { type: "array" }, '[1, {"a": 2,}, "x,]",\n]', [1, { a: 2 }, "x,]"]],
    ["an enum in another case", KIND, '"Software"', "software"],
    ["a bare word of an enum", KIND, "hardware\n", "hardware"],
    ["a bare word in another case with a full stop", KIND, "**Hardware**.", "hardware"],
    ["a bare constant", { const: "yes" }, "Yes", "yes"],
    ["a bare string", { type: "string" }, "The Elbe, of course.", "The Elbe, of course."],
    [
      "enums inside",
      ROW,
      '{"kind":"SOFTWARE","tags":["Hardware"]}',
      { kind: "software", tags: ["hardware"] },
    ],
    ["null", { type: ["null", "number"] }, "null", null],
  ])("%s", async (_name, schema, reply, value) => {
    const { answer, asked } = await queried([reply], schema);
    expect(answer).toEqual({ value });
    expect(asked.length).toBe(1);
  });

  test("a list of a hundred thousand brackets is given up soon", async () => {
    const { answer } = await queried(["[".repeat(100_000), '{"n": 1}'], N);
    expect(answer).toEqual({ value: { n: 1 } });
  });
});

describe("llmQuery with a schema asks once more, and says why", () => {
  test.each<[string, JsonValue, string, RegExp]>([
    ["prose", N, "It is forty-two.", /not JSON/],
    ["another type", N, '{"n": "42"}', /n: .*number/],
    ["another key", N, '{"count": 42}', /n/],
    ["several that differ", N, '{"n": 1} or {"n": 2}', /several/],
    ["a word that is none of the enum", KIND, "firmware", /software|JSON/],
    ["an enum whose words differ in case only", { enum: ["a", "A"] }, "á", /./],
    [
      "a key that is listed, where nothing is said of required",
      { type: "object", properties: { n: { type: "number" } } },
      '{"m": 1}',
      /n/,
    ],
  ])("%s", async (_name, schema, reply, fault) => {
    const good = JSON.stringify(schema === KIND ? "software" : "enum" in (schema as object) ? "a" : { n: 7 });
    const { answer, asked } = await queried([reply, good], schema);
    expect(answer).toEqual({ value: JSON.parse(good) });
    expect(asked[1]?.at(-1)?.content).toMatch(
      /^That does not fit: [\s\S]*Answer again, with the JSON value alone\.$/,
    );
    expect(asked[1]?.at(-1)?.content).toMatch(fault);
    expect(asked[1]?.at(-2)).toEqual({ role: "assistant", content: reply });
  });

  test("and then gives up", async () => {
    const { answer, asked } = await queried(["no", "still no"], N);
    expect(answer).toEqual({ error: expect.stringContaining("does not fit the schema") });
    expect(asked.length).toBe(2);
  });

  test("required means what it says, also when it is empty", async () => {
    const schema = { type: "object", properties: { n: { type: "number" } }, required: [] };
    expect((await queried(["{}"], schema)).answer).toEqual({ value: {} });
  });
});

describe("llmQuery gives the whole answer and nothing else", () => {
  test.each([
    ["<think>\nBerlin? No.\n</think>\n\nParis", "Paris"],
    ["Berlin? No.\n</think>Paris", "Paris"],
    ["Paris\n<think>or is it", "Paris"],
    ["  Paris\r\n", "  Paris\r\n"],
  ])("%j", async (reply, value) => {
    expect((await queried([reply])).answer).toEqual({ value });
  });

  test.each<[Partial<Reply>, string]>([
    [{ text: "<think>Berlin? No" }, "its whole reply is a reasoning section"],
    [
      { text: "The Elbe is 1,", finishReason: "length" },
      "cut off at its token limit: ask for less at a time. It began: The Elbe is 1,",
    ],
    [{ text: "", finishReason: "length" }, "cut off at its token limit: ask for less at a time"],
    [
      { text: "", finishReason: "other", toolCalls: [{ name: "python", arguments: "{}" }] },
      "it called a tool",
    ],
    [{ text: "", finishReason: "stop" }, "no answer (stop)"],
    [{ text: "I will not.", finishReason: "refused" }, "(refused). I will not."],
  ])("%j is an error", async (reply, message) => {
    expect((await queried([reply])).answer).toEqual({ error: expect.stringContaining(message) });
  });
});

describe("what an agent's model is told of a reply without code", () => {
  async function secondRequest(first: Partial<Reply>) {
    const seen: ScriptedRequest["messages"][] = [];
    const client = scriptedClient(({ messages }) => {
      seen.push(messages);
      return seen.length === 1 ? first : "```repl\ndone(1)\n```";
    });
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), environment: fixedEnvironment() });
    await flow.run("Go.");
    return seen[1] ?? [];
  }

  test("an empty reply stands in words, since providers refuse an empty message", async () => {
    for (const text of ["", " \n"]) {
      const messages = await secondRequest({ text });
      expect(messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
      expect(messages[2]?.content).toBe("(empty reply)");
    }
  });

  test.each<[Partial<Reply>, RegExp]>([
    [
      {
        text: "",
        finishReason: "other",
        toolCalls: [{ name: "python", arguments: '{"code":"print(6*7)"}' }],
      },
      /called the tool `python`, but there are no tools[\s\S]*print\(6\*7\)/,
    ],
    [{ text: "", finishReason: "length" }, /cut off at its token limit before it held any text/],
    [{ text: "Let me see", finishReason: "length" }, /cut off at its token limit\. Write less/],
    [{ text: "<think>hm", finishReason: "length" }, /cut off at its token limit[\s\S]*never closed/],
  ])("%j", async (reply, told) => {
    expect((await secondRequest(reply)).at(-1)?.content).toMatch(told);
  });
});
