import { describe, expect, test } from "vitest";
import { nextMove, timeSpent, unfinishedAgents } from "../../src/rules/next-move.ts";
import { agentConfig, RunBuilder } from "../data/run-builder.ts";

function begun(config: Partial<typeof agentConfig> = {}): RunBuilder {
  const run = new RunBuilder();
  run.query("root", "Begin.", { config: { ...agentConfig, ...config } });
  return run;
}

const moveOf = (run: RunBuilder, now = 0) => nextMove(run.graph, "root", now);

describe("what an agent does next", () => {
  test("is nothing where there is no agent", () => {
    expect(nextMove(begun().graph, "root.a", 0)).toBeUndefined();
  });

  test("follows from its newest node", () => {
    const run = begun();
    expect(moveOf(run)).toMatchObject({ kind: "request", final: false });
    run.action("root", "1");
    expect(moveOf(run)).toMatchObject({ kind: "run", action: { id: "root#1" } });
    run.observation("root", "seen");
    expect(moveOf(run)).toMatchObject({ kind: "request" });
    run.action("root", "2");
    run.delegate("root", 0, "root.a");
    run.supervising("root", [{ index: 1, agents: ["root.a"] }]);
    expect(moveOf(run)).toMatchObject({ kind: "resume", action: { id: "root#3" } });
    run.resume("root", "on");
    expect(moveOf(run)).toMatchObject({ kind: "request" });
    run.action("root", "3");
    run.error("root", "exception");
    expect(moveOf(run)).toMatchObject({ kind: "request" });
    run.action("root", "4");
    run.result("root", 1);
    expect(moveOf(run)).toBeUndefined();
    run.query("root", "More.", { ordinal: 1 });
    expect(moveOf(run)).toMatchObject({ kind: "request" });
    run.error("root", "request_failed", { fatal: true });
    expect(moveOf(run)).toBeUndefined();
  });

  test("runs the code that stands for another, whatever was said in between", () => {
    const run = begun();
    run.action("root", "1");
    run.add("root", { type: "observation", content: "?", edit: { kind: "say", agentId: "root", text: "?" } });
    expect(moveOf(run)).toMatchObject({ kind: "run", action: { code: "1" } });
    run.action("root", "2", { replaces: "root#1" });
    expect(moveOf(run)).toMatchObject({ kind: "run", action: { code: "2" } });
  });

  test("is a final request where it was asked for or no other is left", () => {
    const run = begun({ maxIterations: 2 });
    run.action("root", "1");
    run.observation("root", "seen");
    expect(moveOf(run)).toMatchObject({ kind: "request", final: true });
    const asked = begun();
    asked.add("root", { type: "observation", content: "Now.", edit: { kind: "final", agentId: "root" } });
    expect(moveOf(asked)).toMatchObject({ kind: "request", final: true });
  });

  test("is the end when the requests are used up, unless the limit is raised", () => {
    const run = begun({ maxIterations: 1 });
    run.action("root", "1", { final: true });
    run.observation("root", "seen");
    expect(moveOf(run)).toMatchObject({ kind: "exhausted", limit: { name: "maxIterations", value: 1 } });
    const edit = { kind: "config", agentId: "root", config: { maxIterations: 3 } } as const;
    run.add("root", { type: "observation", content: "", edit, origin: "user" });
    expect(moveOf(run)).toMatchObject({ kind: "request", final: false });
  });

  test("is the end after a final reply that another limit forced, and names that limit", () => {
    const limit = { name: "maxTotalTokens", value: 100 };
    const run = begun();
    run.action("root", "1", { final: true, limit });
    run.observation("root", "seen");
    expect(moveOf(run)).toMatchObject({ kind: "exhausted", limit });
    const edit = { kind: "config", agentId: "root", config: { maxTotalTokens: 500 } } as const;
    run.add("root", { type: "observation", content: "", edit, origin: "user" });
    expect(moveOf(run)).toMatchObject({ kind: "request" });
  });

  test("does not take the last reply of an earlier task for one of this", () => {
    const run = begun({ maxIterations: 1 });
    run.action("root", "1", { final: true });
    run.result("root", 1);
    run.query("root", "More.", { ordinal: 1, config: { ...agentConfig, maxIterations: 2 } });
    expect(moveOf(run)).toMatchObject({ kind: "request", final: false });
  });

  test("is the end when its time is up, which leaves out when nobody worked on the run", () => {
    const run = begun({ maxDurationMs: 100 });
    const startedAt = run.graph.find("root#0")?.startedAt ?? 0;
    expect(moveOf(run, startedAt + 99)).toMatchObject({ kind: "request" });
    expect(moveOf(run, startedAt + 100)).toMatchObject({
      kind: "exhausted",
      limit: { name: "maxDurationMs" },
    });
    const gap = { from: startedAt + 50, to: startedAt + 90 };
    expect(nextMove(run.graph, "root", startedAt + 100, gap)).toMatchObject({ kind: "request" });
    expect(nextMove(run.graph, "root", startedAt + 140, gap)).toMatchObject({ kind: "exhausted" });
  });
});

describe("time spent", () => {
  test.each([
    ["all before the gap", 0, 10, { from: 20, to: 30 }, 10],
    ["all behind the gap", 40, 50, { from: 20, to: 30 }, 10],
    ["around the gap", 10, 40, { from: 20, to: 30 }, 20],
    ["begun in the gap", 25, 40, { from: 20, to: 30 }, 10],
    ["without a gap", 5, 9, null, 4],
  ])("leaves out the gap: %s", (_where, since, now, gap, spent) => {
    expect(timeSpent(since, now, gap)).toBe(spent);
  });
});

test("unfinished agents are named in the order of their birth", () => {
  const run = begun();
  run.action("root", "1");
  run.delegate("root", 0, "root.b");
  run.delegate("root", 1, "root.a");
  run.delegate("root", 2, "root.c");
  run.result("root.a", 1);
  run.error("root.b", "exception");
  expect(unfinishedAgents(run.graph)).toEqual(["root", "root.b", "root.c"]);
});
