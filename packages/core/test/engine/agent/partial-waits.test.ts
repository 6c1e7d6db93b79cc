import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { defaultEnvironment } from "../../../src/engine/environment/default-environment.ts";
import { Graph, memoryStores } from "../../../src/index.ts";
import { block, flowOf } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

const WAITS = `
  const handles = ['a', 'b', 'c'].map((name) => delegate(name, 'Q'));
  try { await wait(...handles) } catch (error) { print(error.message) }`;

describe("a wait of which some children failed", () => {
  test("says how many succeeded and how to get their results", async () => {
    let told = "";
    await using flow = flowOf(
      ({ agentId, turn, messages }) => {
        if (agentId === "root.b") return "no code";
        if (agentId !== "root") return block("done('child')");
        told = messages.at(-1)?.content ?? "";
        return block(turn === 0 ? WAITS : "done(1)");
      },
      { config: { childMaxIterations: 1 } },
    );
    const { graph } = await flow.run("Go.");
    expect(told).toContain("root.b: Agent root.b reached maxIterations = 1");
    expect(told).toContain(
      "2 of 3 children succeeded, and their results are kept: await each handle in a try of its own.",
    );
    await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  });

  test("says nothing of others where none succeeded, or there are none", async () => {
    const told: string[] = [];
    await using flow = flowOf(
      ({ agentId, turn, messages }) => {
        if (agentId !== "root") return "no code";
        told.push(messages.at(-1)?.content ?? "");
        if (turn === 0) return block(WAITS);
        return block(
          turn === 1 ? "try { await delegate('d', 'Q') } catch (error) { print(error.message) }" : "done(1)",
        );
      },
      { config: { childMaxIterations: 1 } },
    );
    await flow.run("Go.");
    expect(told.join("\n")).toContain("root.d: Agent root.d reached");
    expect(told.join("\n")).not.toContain("succeeded");
  });

  test("is replayed as it was told: an agent of interpreter 1 heard of its own end alone", async () => {
    const stores = memoryStores(defaultEnvironment().digest);
    await using flow = flowOf(
      ({ agentId }) => {
        if (agentId === "root.b") return "no code";
        return block(agentId === "root" ? `${WAITS}\ndone(1)` : "done('child')");
      },
      { config: { childMaxIterations: 1 }, workspace: stores },
    );
    const { graph } = await flow.run("Go.");
    const old = JSON.parse(JSON.stringify(graph).replaceAll('"interpreter":"2"', '"interpreter":"1"'));
    const faults = await checkRun(Graph.fromJSON(old), { runtimes: { default: inlineRuntime() } }).then(
      () => "none",
      (error: unknown) => String(error),
    );
    expect(faults).toMatch(/root#1 wrote .*"root\.b: Agent [^,]*" instead of ".*succeeded, and/);
    await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  });
});
