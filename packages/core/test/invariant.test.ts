import { describe, expect, test, vi } from "vitest";
import { Budget } from "../src/engine/resources/budget.ts";
import { RLMError } from "../src/index.ts";
import { brokenInvariant, isBrokenInvariant } from "../src/store.ts";
import { broken } from "./broken.ts";
import { block, flowOf, runFailureOf } from "./engine/flow-fixture.ts";
import { inlineRuntime } from "./engine/inline-runtime.ts";

describe("an invariant", () => {
  test("that is broken says what does not hold, whose fault it is and what to do", () => {
    expect(brokenInvariant("one is one").message).toBe(
      "This is a fault of rlmflow: an invariant does not hold (one is one). Please report it with the stack of this error.",
    );
  });

  test("is told from what runtimes and stores do wrong", () => {
    expect(isBrokenInvariant(new RLMError("protocol_violation", "The sandbox says nothing."))).toBe(false);
    expect(isBrokenInvariant(new TypeError("no"))).toBe(false);
  });
});

describe("a broken invariant ends the run and is no agent's end", () => {
  const fails = (): never => {
    throw brokenInvariant("it holds");
  };

  test.each<[string, Parameters<typeof flowOf>[1]]>([
    ["when a REPL is opened", { runtime: { ...inlineRuntime(), open: async () => fails() as never } }],
    [
      "in a block",
      {
        runtime: {
          ...inlineRuntime(),
          open: async (spec) =>
            Object.assign(await inlineRuntime().open(spec), { start: async () => fails() }),
        } as ReturnType<typeof inlineRuntime>,
      },
    ],
    ["in a tool of ours", { globals: { ours: fails } }],
  ])("%s", async (_where, options) => {
    await using flow = flowOf([block("await ours()"), block("done(1)")], options);
    const error = await runFailureOf(flow.run("Go."));
    expect(error).toEqual(broken("it holds"));
    expect([...error.graph.walk()].filter(({ type }) => type === "error")).toEqual([]);
  });

  test.each([
    ["before a request", 0],
    ["before a sub-query", 1],
  ])("%s", async (_where, before) => {
    let reserved = 0;
    const { reserve } = Budget.prototype;
    const spy = vi.spyOn(Budget.prototype, "reserve").mockImplementation(function (this: Budget, ...rest) {
      if (reserved++ >= before) throw brokenInvariant("it holds");
      return reserve.apply(this, rest);
    });
    try {
      await using flow = flowOf([block("done(await llmQuery('What?'))"), "This."]);
      const error = await runFailureOf(flow.run("Go."));
      expect(error).toEqual(broken("it holds"));
      expect([...error.graph.walk()].filter(({ type }) => type === "error" || type === "call")).toEqual([]);
    } finally {
      spy.mockRestore();
    }
  });
});
