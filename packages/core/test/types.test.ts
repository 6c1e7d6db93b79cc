import { scriptedClient } from "@rlmflow/testing";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  defineTool,
  type FlowOptions,
  type FlowParts,
  type JsonValue,
  RLMFlow,
  type Run,
  type RunResult,
  typedSchema,
} from "../src/index.ts";
import { inlineRuntime } from "./engine/inline-runtime.ts";

const client = scriptedClient([]);
const runtime = inlineRuntime();

/** Never called: the compiler reads it, and `tsc` fails where a line marked as an error is none. */
function compiled(): unknown {
  const flow = new RLMFlow({ client, runtime });
  const base = { name: "tool", description: "", repeat: "safe", input: z.object({ n: z.int() }) } as const;
  return [
    // @ts-expect-error: a client is needed
    new RLMFlow({ runtime }),
    // @ts-expect-error: a runtime is needed
    new RLMFlow({ client }),
    // @ts-expect-error: both are needed
    new RLMFlow({}),
    // @ts-expect-error: no such option
    new RLMFlow({ client, runtime, modle: "x" }),
    new RLMFlow({ clients: { fast: client }, runtimes: { near: runtime } }),
    // @ts-expect-error: the answer of the tool is a number
    defineTool({ ...base, output: z.number(), run: () => "text" }),
    // @ts-expect-error: the answer of the tool is a number, also when it is promised
    defineTool({ ...base, output: z.number(), run: async () => "text" }),
    // @ts-expect-error: a field is missing
    defineTool({ ...base, output: z.object({ a: z.string() }), run: () => ({}) }),
    // @ts-expect-error: the input has no m
    defineTool({ ...base, run: ({ m }) => m }),
    // @ts-expect-error: the type says what the schema admits
    defineTool({ ...base, output: typedSchema<string>({ type: "string" }), run: () => 1 }),
    defineTool({ ...base, output: z.number(), run: ({ n }) => n }),
    defineTool({ ...base, output: z.number(), run: async ({ n }) => n }),
    // What the tool gives is checked before it is changed: it has the schema's input.
    defineTool({ ...base, output: z.string().transform((text) => text.length), run: () => "text" }),
    defineTool({ ...base, output: { type: "number" }, run: () => "checked when it runs" }),
    defineTool({ ...base, run: () => undefined }),
    // @ts-expect-error: a Date is no context
    flow.run("Go.", { context: new Date(0) }),
    flow.run("Go.", { context: [1, { a: "b" }] }),
    flow.run("Go.", { context: { a: "text", b: [1], c: new Uint8Array(1), d: { e: 1 } } }),
  ];
}

describe("types", () => {
  test("say what a flow needs", () => {
    expectTypeOf(compiled).toBeFunction();
    expectTypeOf<{ client: typeof client; runtime: typeof runtime }>().toExtend<FlowParts>();
    expectTypeOf<FlowOptions>().not.toExtend<FlowParts>();
  });

  test("carry the schema of the output to the answer", () => {
    const answer = (flow: RLMFlow) => flow.run("Go.", { output: z.object({ total: z.number() }) });
    expectTypeOf(answer).returns.toEqualTypeOf<Run<{ total: number }>>();
    expectTypeOf<Awaited<ReturnType<typeof answer>>>().toEqualTypeOf<RunResult<{ total: number }>>();
    expectTypeOf<Awaited<Run>>().toEqualTypeOf<RunResult<JsonValue>>();
    expectTypeOf<Run>().toExtend<Promise<RunResult<JsonValue>>>();
  });
});
