import { describe, expect, test } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { agentState } from "../../src/data/graph/agent-state.ts";
import { cleanAgentName } from "../../src/data/ids.ts";
import type { JsonValue } from "../../src/index.ts";
import {
  type DelegateFacts,
  type DelegateRequest,
  freeName,
  planChild,
  planFurther,
  readDelegate,
} from "../../src/rules/delegate.ts";
import { agentConfig, RunBuilder } from "../data/run-builder.ts";

const FACTS: DelegateFacts = {
  parentId: "root",
  depth: 0,
  config: agentConfig,
  childMaxIterations: 10,
  childrenInBlock: 0,
  promised: new Set(),
  models: ["default", "fast"],
  runtimes: ["default"],
};

function request(options: { readonly [name: string]: JsonValue } = {}): DelegateRequest {
  const read = readDelegate(["part", "Do it.", options]);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

function begun(): RunBuilder {
  const run = new RunBuilder();
  run.query("root", "Begin.");
  run.action("root", "1");
  return run;
}

function refusalOf(args: readonly JsonValue[]): string {
  const read = readDelegate(args);
  return read.ok ? "taken" : `${read.error.name}: ${read.error.message}`;
}

describe("the arguments of delegate", () => {
  test.each(["schema", "outputSchema", "response_schema"])("take %s for output", (name) => {
    expect(request({ [name]: { type: "string" }, model: "fast" })).toMatchObject({
      output: { type: "string" },
      model: "fast",
    });
    expect(refusalOf(["a", "q", { [name]: true, output: true }])).toContain(`unknown option ${name}`);
  });

  test("ask whether a context was meant", () => {
    expect(refusalOf(["a", "q", { ctx: "x" }])).toContain(
      "unknown option ctx. Did you mean context? Options",
    );
    expect(refusalOf(["a", "q", { ctx: "x", y: 1 }])).not.toContain("Did you mean");
  });

  test("are refused where a task stands in the place of the name and its input in that of the task", () => {
    const chapter = "It was a dark night. ".repeat(1_000);
    const context = { contexts: [{ kind: "text", key: "a", text: chapter }] };
    const refused = refusalOf(["Who hides the letter, and where?", chapter]);
    expect(refused).toContain("no child was started");
    expect(refused).toContain('"Who hides the letter, and where?" as the query');
    expect(refused).toContain("(21000 characters)");
    expect(refusalOf(["Who hides the letter, and where?", chapter, context])).toBe("taken");
    expect(refusalOf(["Who hides the letter, and where?", chapter.slice(0, 1_000)])).toBe("taken");
    expect(refusalOf(["letter_part one", chapter])).toBe("taken");
  });

  test("are taken with every option", () => {
    const contexts = [
      { kind: "text", key: "a", text: "A" },
      { kind: "slice", key: "b", slice: { key: "main", start: 0, end: 5 } },
    ];
    const options = {
      contexts,
      model: "fast",
      runtime: "default",
      maxIterations: 2.5,
      maxTotalTokens: 10,
      maxCostUsd: 0.01,
      output: { type: "string" },
      globals: { n: 1 },
    };
    expect(readDelegate(["part", "Do it.", options])).toMatchObject({
      ok: true,
      value: { target: "part", contexts, limits: { maxIterations: 3, maxTotalTokens: 10, maxCostUsd: 0.01 } },
    });
    const handle = { block: "root#1", index: 0 };
    expect(readDelegate([handle, "More."])).toMatchObject({
      ok: true,
      value: { target: handle, output: null },
    });
  });

  test.each<[string, readonly JsonValue[], string]>([
    ["no name", [], "the name must be a string, or the handle of a finished child"],
    ["a number for a name", [3, "q"], "the name must be a string, or the handle of a finished child"],
    ["half a handle", [{ block: "root#1" }, "q"], "the name must be a string, or the handle"],
    ["no query", ["a"], "the query must be a non-empty string"],
    ["a blank query", ["a", " \n"], "the query must be a non-empty string"],
    ["options that are a list", ["a", "q", []], "the options must be an object"],
    ["options that are null", ["a", "q", null], "the options must be an object"],
    [
      "unknown options",
      ["a", "q", { temperature: 1, x: 2 }],
      "unknown option temperature, x. Options: context, model",
    ],
    ["the prototype as an option", ["a", "q", JSON.parse('{"__proto__": 1}')], "unknown option __proto__"],
    ["a limit of nothing", ["a", "q", { maxIterations: 0 }], "maxIterations must be a positive number"],
    ["a limit in words", ["a", "q", { maxTotalTokens: "10" }], "maxTotalTokens must be a positive number"],
    [
      "a limit beyond all numbers",
      ["a", "q", { maxTotalTokens: 1e300 }],
      "maxTotalTokens must be a positive number",
    ],
    ["a negative cost", ["a", "q", { maxCostUsd: -1 }], "maxCostUsd must be a positive number"],
    ["a model that is no name", ["a", "q", { model: 1 }], "model must be the name of a model"],
    ["a runtime that is no name", ["a", "q", { runtime: {} }], "runtime must be the name of a runtime"],
    ["globals that are a list", ["a", "q", { globals: [1] }], "globals must be an object of JSON values"],
    ["a schema in words", ["a", "q", { output: "string" }], "output must be a JSON Schema"],
    [
      "contexts that are no list",
      ["a", "q", { contexts: "x" }],
      "context must be text, CONTEXT.slice(start, end)",
    ],
    [
      "a context without a key",
      ["a", "q", { contexts: [{ kind: "text", text: "x" }] }],
      "context must be text",
    ],
    [
      "a context of another kind",
      ["a", "q", { contexts: [{ kind: "file", key: "k", text: "x" }] }],
      "context must be",
    ],
    [
      "a slice that ends before it starts",
      ["a", "q", { contexts: [{ kind: "slice", key: "k", slice: { key: "m", start: 5, end: 4 } }] }],
      "context must be",
    ],
    [
      "a slice from before the start",
      ["a", "q", { contexts: [{ kind: "slice", key: "k", slice: { key: "m", start: -1, end: 4 } }] }],
      "context must be",
    ],
  ])("are refused with %s", (_what, args, message) => {
    expect(refusalOf(args)).toContain("DelegateError: delegate");
    expect(refusalOf(args)).toContain(message);
  });
});

describe("a plan for a child", () => {
  const plan = (options: { readonly [name: string]: JsonValue }, facts: Partial<DelegateFacts> = {}) =>
    planChild(begun().graph, request(options), "part", { ...FACTS, ...facts });

  test("has the parent's limits, made tighter by what is asked", () => {
    const config = { ...agentConfig, maxTotalTokens: 1000, maxCostUsd: 1 };
    const asked = { maxIterations: 3, maxTotalTokens: 2000, maxCostUsd: 0.5, model: "fast" };
    expect(plan(asked, { config })).toEqual({
      ok: true,
      value: {
        agentId: "root.part",
        depth: 1,
        config: { ...config, maxIterations: 3, maxTotalTokens: 1000, maxCostUsd: 0.5, model: "fast" },
      },
    });
    expect(plan({})).toMatchObject({ value: { config: { maxIterations: 10, maxTotalTokens: null } } });
    expect(plan({ maxIterations: 500 })).toMatchObject({ value: { config: { maxIterations: 30 } } });
  });

  test.each<[string, { readonly [name: string]: JsonValue }, Partial<DelegateFacts>, string]>([
    ["too deep", {}, { depth: 5 }, "the maximum depth of 5 is reached; do this part yourself"],
    [
      "too many in the block",
      {},
      { childrenInBlock: 64 },
      "one block may delegate to 64 children (maxChildren)",
    ],
    ["no such model", { model: "slow" }, {}, 'there is no model "slow". Models: default, fast.'],
    ["no such runtime", { runtime: "moon" }, {}, 'there is no runtime "moon". Runtimes: default.'],
  ])("is refused: %s", (_why, options, facts, message) => {
    const planned = plan(options, facts);
    expect(planned).toMatchObject({ ok: false, error: { name: "DelegateError" } });
    expect(planned.ok ? "" : planned.error.message).toContain(message);
  });
});

describe("a further task for a child", () => {
  const further = (options: { readonly [name: string]: JsonValue }) => {
    const run = begun();
    run.delegate("root", 0, "root.a", { config: { ...agentConfig, maxIterations: 4 } });
    run.result("root.a", 1);
    const child = agentState(run.graph, "root.a");
    if (child === undefined) throw new Error("the child was born");
    return planFurther(child, request(options), FACTS.models);
  };

  test("keeps the child's limits; a model and fewer replies hold for the task", () => {
    expect(further({})).toMatchObject({
      ok: true,
      value: { agentId: "root.a", depth: 1, config: { maxIterations: 4 } },
    });
    expect(further({ model: "fast", maxIterations: 2 })).toMatchObject({
      value: { config: { model: "fast", maxIterations: 2 } },
    });
    expect(further({ maxIterations: 20 })).toMatchObject({ value: { config: { maxIterations: 4 } } });
  });

  test.each<[{ readonly [name: string]: JsonValue }, string]>([
    [{ contexts: [{ kind: "text", key: "a", text: "A" }] }, "can't bring a context, globals or a runtime"],
    [{ globals: { a: 1 } }, "can't bring a context, globals or a runtime"],
    [{ runtime: "default" }, "can't bring a context, globals or a runtime"],
    [{ maxTotalTokens: 5 }, "keeps the maxTotalTokens and maxCostUsd of its first query"],
    [{ model: "slow" }, 'there is no model "slow"'],
  ])("is refused with %j", (options, message) => {
    const planned = further(options);
    expect(planned.ok ? "taken" : planned.error.message).toContain(message);
  });
});

describe("names", () => {
  test.each([
    ["part", "part"],
    ["Größe-1", "Größe-1"],
    ["日本語", "日本語"],
    ["a.b/c d", "a_b_c_d"],
    ["../../etc", "etc"],
    ["__proto__", "proto"],
    ["root#3/0", "root_3_0"],
    ["", "agent"],
    ["...", "agent"],
    ["\u{1F600}", "agent"],
    ["x".repeat(500), "x".repeat(64)],
    [`${"x".repeat(63)}\u{20000}`, "x".repeat(63)],
    ["e\u0301", "é"],
    ["\ud800", "agent"],
  ])("are cleaned: %j", (name, cleaned) => {
    expect(cleanAgentName(name)).toBe(cleaned);
    expect(cleanAgentName(name).isWellFormed()).toBe(true);
  });

  test("that are taken get a suffix, also beside ones that look like it", () => {
    const run = begun();
    const give = (name: string) => {
      const id = freeName(run.graph, FACTS, name);
      run.delegate("root", run.graph.calls("root#1").length, id);
      return id;
    };
    expect(["a", "a_2", "a", "a", "a", "a_1", "a"].map(give)).toEqual([
      "root.a",
      "root.a_2",
      "root.a_1",
      "root.a_3",
      "root.a_4",
      "root.a_1_1",
      "root.a_5",
    ]);
  });

  test("stay taken when their agent has ended, and are free below another parent", () => {
    const run = begun();
    run.delegate("root", 0, "root.a");
    run.result("root.a", 1);
    expect(freeName(run.graph, FACTS, "a")).toBe("root.a_1");
    expect(freeName(run.graph, { ...FACTS, parentId: "root.a" }, "a")).toBe("root.a.a");
  });

  test("are taken by children that are only promised, too", () => {
    const run = begun();
    run.delegate("root", 0, "root.a");
    const promised = new Set(["root.a_1", "root.a_2", "root.b"]);
    const free = ["a", "b", "c"].map((name) => freeName(run.graph, { ...FACTS, promised }, name));
    expect(free).toEqual(["root.a_3", "root.b_1", "root.c"]);
  });

  test("are found quickly when ten thousand children have the same", async () => {
    const run = begun();
    const spent = await processorMs(() => {
      for (let index = 0; index < 10_000; index++) {
        const id = freeName(run.graph, FACTS, "part");
        expect(id).toBe(index === 0 ? "root.part" : `root.part_${index}`);
        run.delegate("root", index, id);
      }
    });
    // Looking at every taken name would be 50 million look-ups.
    expect(spent).toBeLessThan(10_000);
  });
});
