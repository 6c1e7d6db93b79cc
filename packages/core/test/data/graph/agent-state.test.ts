import { describe, expect, test } from "vitest";
import { agentState, queryEnd, ranBlocks } from "../../../src/data/graph/agent-state.ts";
import { RunBuilder } from "../run-builder.ts";

function begun(): RunBuilder {
  const run = new RunBuilder();
  run.query("root", "Begin.");
  return run;
}

describe("the state of an agent", () => {
  test("is unknown where there is no such agent", () => {
    expect(agentState(begun().graph, "root.a")).toBeUndefined();
  });

  test("counts replies, not the code that stands for them", () => {
    const run = begun();
    run.action("root", "1");
    run.action("root", "2", { replaces: "root#1", origin: "user" });
    run.observation("root", "seen");
    run.action("root", "3");
    expect(agentState(run.graph, "root")).toMatchObject({ iterations: 2, replies: 2, head: { code: "3" } });
  });

  test("begins anew with a further query, all replies aside", () => {
    const run = begun();
    run.action("root", "1");
    run.result("root", 1);
    run.query("root", "More.", { ordinal: 1 });
    run.action("root", "2");
    expect(agentState(run.graph, "root")).toMatchObject({
      iterations: 1,
      replies: 2,
      query: { query: "More." },
      finalAsked: false,
    });
  });

  test("is changed by edits, which do not become its head", () => {
    const run = begun();
    run.action("root", "1");
    const edit = { kind: "config", agentId: "root", config: { maxIterations: 2 } } as const;
    run.add("root", { type: "observation", content: "", edit, origin: "user" });
    run.add("root", { type: "observation", content: "!", edit: { kind: "final", agentId: "root" } });
    run.add("root", { type: "observation", content: "?", edit: { kind: "say", agentId: "root", text: "?" } });
    const state = agentState(run.graph, "root");
    expect(state).toMatchObject({ finalAsked: true, config: { maxIterations: 2, maxDepth: 5 } });
    expect(state?.head.id).toBe("root#1");
  });

  test("counts the nodes that the model is shown, which an edit of limits is only when it has a text", () => {
    const run = begun();
    run.action("root", "1");
    const edit = { kind: "config", agentId: "root", config: { maxIterations: 2 } } as const;
    run.add("root", { type: "observation", content: "", edit, origin: "user" });
    expect(agentState(run.graph, "root")?.shown).toBe(2);
    run.add("root", { type: "observation", content: "Go on.", edit, origin: "user" });
    run.add("root", { type: "observation", content: "?", edit: { kind: "say", agentId: "root", text: "?" } });
    expect(agentState(run.graph, "root")?.shown).toBe(4);
    run.result("root", 1);
    run.query("root", "More.", { ordinal: 1 });
    expect(agentState(run.graph, "root")?.shown).toBe(6);
  });

  test("is that of the prefix one looks at", () => {
    const run = begun();
    run.action("root", "1");
    run.observation("root", "seen");
    run.action("root", "2");
    expect(agentState(run.graph, "root")?.iterations).toBe(2);
    expect(agentState(run.graph.at("root#2"), "root")).toMatchObject({
      iterations: 1,
      head: { id: "root#2" },
    });
    expect(agentState(run.graph, "root")?.iterations).toBe(2);
  });

  test("costs no more for a long chain than for a short one once it was asked for", () => {
    const run = begun();
    for (let count = 0; count < 20_000; count++) {
      run.action("root", "1");
      agentState(run.graph, "root");
    }
    expect(agentState(run.graph, "root")?.iterations).toBe(20_000);
  });
});

describe("the end of a task", () => {
  test("is the end after its query, not that of a later task", () => {
    const run = begun();
    run.action("root", "1");
    const first = run.delegate("root", 0, "root.a");
    expect(queryEnd(run.graph, "root.a", first)).toBeUndefined();
    run.result("root.a", "one");
    const second = run.delegate("root", 1, "root.a");
    expect(queryEnd(run.graph, "root.a", first)).toMatchObject({ result: "one" });
    expect(queryEnd(run.graph, "root.a", second)).toBeUndefined();
    run.error("root.a", "limit_reached", { fatal: true });
    expect(queryEnd(run.graph, "root.a", first)).toMatchObject({ result: "one" });
    expect(queryEnd(run.graph, "root.a", second)).toMatchObject({ kind: "limit_reached" });
    expect(queryEnd(run.graph, "root.a", "root#1/7")).toBeUndefined();
  });
});

describe("the blocks of a REPL", () => {
  const idsOf = (run: RunBuilder) => ranBlocks(run.graph.chain("root")).map((action) => action.id);

  test("are those that ran, suspended ones too, once each", () => {
    const run = begun();
    run.action("root", "1");
    run.observation("root", "seen");
    run.action("root", null);
    run.add("root", { type: "error", kind: "no_code", message: "m", content: "c", fatal: false });
    run.action("root", "2");
    run.supervising("root", [{ index: 0, agents: ["root.a"] }]);
    run.supervising("root", [{ index: 1, agents: ["root.b"] }]);
    run.resume("root", "on");
    run.action("root", "3");
    expect(idsOf(run)).toEqual(["root#1", "root#5"]);
  });

  test("leave out what was undone and what was replaced or refused before it ran", () => {
    const run = begun();
    run.action("root", "1");
    run.error("root", "block_limit", { dropped: "root#1" });
    run.action("root", "2");
    run.action("root", "3", { replaces: "root#3" });
    run.observation("root", "seen");
    run.action("root", "4");
    run.add("root", { type: "observation", content: "Your code was not run.", origin: "policy" });
    expect(idsOf(run)).toEqual(["root#4"]);
  });

  test("keep a block with a person's word between its code and its end", () => {
    const run = begun();
    run.action("root", "1");
    run.add("root", { type: "observation", content: "?", edit: { kind: "say", agentId: "root", text: "?" } });
    run.observation("root", "seen");
    expect(idsOf(run)).toEqual(["root#1"]);
  });
});
