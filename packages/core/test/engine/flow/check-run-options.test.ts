import { describe, expect, test } from "vitest";
import { block, failureOf, flowOf } from "../flow-fixture.ts";

/** A value that the types do not let through. */
function untyped(value: unknown): never {
  return value as never;
}

const answer = [block("done(1)")];

describe("a method of a flow", () => {
  test.each<[object, string]>([
    [{ contxt: "a" }, "contxt is not an option (did you mean context?); the options are context, output"],
    [{ outptu: {} }, "outptu is not an option (did you mean output?)"],
    [{ config: {} }, "config is not an option; the options are"],
    [{ signal: "no" }, "signal must be an AbortSignal, not a string"],
    [{ runId: 5 }, "runId must be text, not a number"],
    [{ metadata: [] }, "metadata must be an object, not a list"],
  ])("run refuses %j", async (options, problem) => {
    await using flow = flowOf(answer);
    const error = await failureOf(flow.run("Go.", untyped(options)));
    expect(error).toMatchObject({ code: "invalid_options", message: expect.stringContaining(problem) });
  });

  test("names every fault in one error", async () => {
    await using flow = flowOf(answer);
    const { message } = await failureOf(flow.run("Go.", untyped({ contxt: "a", signal: 1 })));
    expect(message).toMatch(/contxt is not an option.*; signal must be an AbortSignal/);
  });

  test("refuses what is no query, no graph and no object of options", async () => {
    await using flow = flowOf(answer);
    const { graph } = await flow.run("Go.");
    const refused: readonly [PromiseLike<unknown>, string][] = [
      [flow.run(untyped(5)), "The query of flow.run must be text, not a number."],
      [flow.run(untyped(null)), "The query of flow.run must be text, not null."],
      [flow.run("Go.", untyped(null)), "The options of flow.run must be an object, not null."],
      [flow.run("Go.", untyped("text")), "The options of flow.run must be an object, not a string."],
      [flow.start(untyped({})), "The query of flow.start must be text, not an object."],
      [flow.start("Go.", untyped({ signal: new AbortController().signal })), "signal is not an option"],
      [flow.resume(untyped({})), "flow.resume takes the graph of a run, such as run.graph, not an object."],
      [flow.resume(graph, untyped({ config: 5 })), "config must be an object, not a number"],
      [flow.continue(untyped(undefined), "More."), "flow.continue takes the graph of a run"],
      [flow.continue(graph, untyped(5)), "The query of flow.continue must be text, not a number."],
      [flow.continue(graph, "More.", untyped({ context: "a" })), "context is not an option"],
      [flow.step(untyped([])), "flow.step takes the graph of a run, such as run.graph, not a list."],
      [flow.step(graph, untyped({ agents: "root" })), "agents must be a list of ids of agents"],
      [flow.step(graph, untyped({ until: "end" })), 'until must be "transition" or "turn"'],
    ];
    for (const [call, message] of refused)
      expect(await failureOf(call)).toMatchObject({
        code: "invalid_options",
        message: expect.stringContaining(message),
      });
  });

  test("takes an option that is undefined as absent", async () => {
    await using flow = flowOf(answer);
    const options = untyped({ signal: undefined, runId: undefined, metadata: undefined });
    expect((await flow.run("Go.", options)).answer).toBe(1);
  });
});

test("the options of a flow say which one may be meant", () => {
  expect(() => flowOf(answer, untyped({ promt: "x" }))).toThrow(
    "promt is not an option (did you mean prompt?); the options are client, ",
  );
});
