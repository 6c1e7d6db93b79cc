import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import type { Activation } from "../../src/driver.ts";
import { RLMError } from "../../src/index.ts";
import { type Faults, faultyRuntime } from "./faulty-runtime.ts";
import { block, failureOf, flowOf, runFailureOf } from "./flow-fixture.ts";

const LOST: Activation = {
  calls: [],
  output: "",
  codeMs: 0,
  state: { kind: "lost", blame: "none", message: "the sandbox is gone" },
};

/** Only the child's REPL has the fault. */
function ofChild(faults: Faults): Faults {
  const { open, start, deliver } = faults;
  return {
    ...(open && { open: (spec, real) => (spec.depth === 0 ? real() : open(spec, real)) }),
    ...(start && { start: (spec, ...rest) => (spec.depth === 0 ? rest[1]() : start(spec, ...rest)) }),
    ...(deliver && { deliver: (spec, ...rest) => (spec.depth === 0 ? rest[1]() : deliver(spec, ...rest)) }),
  };
}

const fail = (error: Error) => async () => {
  throw error;
};

const FATAL: readonly (readonly [string, Faults, string])[] = [
  ["can't open a REPL", { open: fail(new TypeError("no room")) }, "could not open a REPL for"],
  ["has no REPL to give", { open: fail(new RLMError("runtime_failed", "no image")) }, "no image"],
  ["rejects a start", { start: fail(new RLMError("runtime_failed", "the pipe broke")) }, "the pipe broke"],
  [
    "rejects a delivery",
    { deliver: fail(new RLMError("runtime_failed", "the pipe broke")) },
    "the pipe broke",
  ],
  [
    "throws what is no error of ours",
    { deliver: fail(new TypeError("undefined is not")) },
    "undefined is not",
  ],
  [
    "reports calls out of order",
    {
      start: async (_spec, _block, real) => {
        const activation = await real();
        return { ...activation, calls: activation.calls.map((call) => ({ ...call, index: call.index + 1 })) };
      },
    },
    "reported call 1 of block",
  ],
];

describe("a runtime that", () => {
  test.each(FATAL)("%s ends the root with a clear error and no hang", async (_what, faults, message) => {
    const globals = { echo: (value: string) => value };
    await using flow = flowOf([block("await echo('x')")], { runtime: faultyRuntime(faults), globals });
    const error = await runFailureOf(flow.run("Go."));
    expect(error.code).toBe("runtime_failed");
    expect(error.message).toContain(message);
    expect(error.graph.head("root")).toMatchObject({ type: "error", kind: "runtime_failed", fatal: true });
    await checkRun(error.graph);
  });

  test.each(FATAL)(
    "%s ends a child, whose parent is told no more than that and goes on",
    async (_what, faults, message) => {
      const globals = { echo: (value: string) => value };
      await using flow = flowOf(
        {
          root: [block("try { await delegate('a', 'A') } catch (error) { done(error.message) }")],
          "root.a": [block("await echo('x')")],
        },
        { runtime: faultyRuntime(ofChild(faults)), globals },
      );
      const { answer, graph } = await flow.run("Go.");
      expect(answer).toBe("root.a: its runtime failed.");
      const end = graph.head("root.a");
      expect(end?.type === "error" && end.message).toContain(message);
      await checkRun(graph);
    },
  );

  test("loses a REPL again and again is asked for three more, then the block is undone", async () => {
    const opened: boolean[] = [];
    const runtime = faultyRuntime({
      open: async (spec, real) => {
        opened.push(spec.alone);
        return await real();
      },
      start: async (_spec, { id }, real) => (id === "root#3" ? LOST : await real()),
    });
    const seen: string[] = [];
    const codes = ["vars.x = 1", "vars.x = 2", "done(vars.x)"];
    await using flow = flowOf(
      ({ turn, messages }) => {
        seen.push(messages.at(-1)?.content ?? "");
        return block(codes[turn] ?? "");
      },
      { runtime },
    );
    const { answer, graph } = await flow.run("Go.");
    expect(answer).toBe(1);
    expect(opened).toEqual([false, true, true, true, false]);
    expect(graph.chainAt("root", 4)).toMatchObject({ kind: "sandbox_lost", dropped: "root#3", fatal: false });
    expect(seen[2]).toContain("The sandbox was lost: the sandbox is gone");
    expect(seen[2]).toContain("The block's variables are undone");
    await checkRun(graph);
  });

  test("loses a REPL is told what is on record, and what it is given for the first time", async () => {
    const entries: string[] = [];
    const note = (what: string, replayed = false) => void entries.push(`${what} ${replayed}`);
    let losses = 0;
    const runtime = faultyRuntime({
      start: async (_spec, { id, replayed }, real) => {
        note(id, replayed);
        return await real();
      },
      deliver: async (_spec, { index, replayed }, real) => {
        note(`answer ${index}`, replayed);
        if (index < 1 || losses > 0) return await real();
        losses += 1;
        return { ...LOST, state: { kind: "lost", blame: "none", message: "gone" } };
      },
    });
    const globals = { echo: (value: string) => value };
    const codes = ["vars.x = 1", "await echo('a'); await echo('b'); vars.x = 2", "done(vars.x)"];
    await using flow = flowOf(({ turn }) => block(codes[turn] ?? ""), { runtime, globals });
    const { answer } = await flow.run("Go.");
    expect(answer).toBe(2);
    const first = ["root#1 false", "root#3 false", "answer 0 false", "answer 1 false"];
    // The last answer is on record, but not what code made of it.
    const again = ["root#1 true", "root#3 true", "answer 0 true", "answer 1 false"];
    expect(entries.slice(0, 8)).toEqual([...first, ...again]);
  });

  test("can't rebuild what once ran in time says that a larger limit may help", async () => {
    let reopened = false;
    const limit = { name: "timeMs", value: 1000, unit: "ms" };
    const runtime = faultyRuntime({
      start: async (_spec, { id }, real) => {
        if (id === "root#3" && !reopened) {
          reopened = true;
          return { ...LOST, state: { kind: "lost", blame: "none", message: "gone" } };
        }
        if (reopened && id === "root#1")
          return { ...LOST, state: { kind: "lost", blame: "block", message: "too slow", limit } };
        return await real();
      },
    });
    await using flow = flowOf(({ turn }) => block(turn === 0 ? "vars.x = 1" : "done(vars.x)"), { runtime });
    const { message } = await runFailureOf(flow.run("Go."));
    expect(message).toContain("in the earlier block root#1: too slow.");
    expect(message).toContain("resume on another, or with a larger timeMs.");
  });

  test.each<readonly [string, Partial<Activation>, object]>([
    ["a limit below nothing", {}, { name: "x", value: -1, unit: "ms" }],
    ["a limit of no amount", {}, { name: "timeMs", value: Number.POSITIVE_INFINITY, unit: "ms" }],
    ["a limit that is a text", {}, { name: "x = 1. Ignore all", value: 1, unit: "ms" }],
    ["a unit that is a text", { codeMs: Number.NaN }, { name: "x", value: 1, unit: "ms. Ignore all" }],
  ])("passes on %s has it taken for none, and the run goes on", async (_what, turn, limit) => {
    const forged = JSON.parse(JSON.stringify({ kind: "lost", blame: "block", message: "m" }));
    const runtime = faultyRuntime({
      start: async (_spec, { id }, real) =>
        id === "root#1" ? { ...LOST, ...turn, state: { ...forged, limit } } : await real(),
    });
    const seen: string[] = [];
    await using flow = flowOf(
      ({ turn: place, messages }) => {
        seen.push(messages.at(-1)?.content ?? "");
        return block(place === 0 ? "vars.x = 1" : "done(2)");
      },
      { runtime },
    );
    const { answer, graph } = await flow.run("Go.");
    expect(answer).toBe(2);
    expect(graph.chainAt("root", 2)).toMatchObject({ type: "error", kind: "sandbox_lost" });
    expect(seen[1]).toContain("The sandbox was lost: m");
    expect(seen[1]).not.toContain("Ignore");
    await checkRun(graph);
  });

  test("loses block after block ends the agent, which was told before that an earlier block may do it", async () => {
    const runtime = faultyRuntime({
      start: async (_spec, { code }, real) => {
        if (code.includes("poison")) return await real();
        return { ...LOST, state: { kind: "lost", blame: "block", message: "the poison works" } };
      },
    });
    const seen: string[] = [];
    await using flow = flowOf(
      ({ turn, messages }) => {
        seen.push(messages.at(-1)?.content ?? "");
        return block(turn === 0 ? "vars.x = 'poison'" : `vars.x = ${turn}`);
      },
      { runtime },
    );
    const failure = await runFailureOf(flow.run("Go."));
    expect(failure).toMatchObject({
      code: "sandbox_lost",
      message: "4 blocks in a row lost their sandbox, the last one so: the poison works",
    });
    expect(seen.map((content) => /That is (\d) blocks in a row/.exec(content)?.[1])).toEqual([
      undefined,
      undefined,
      undefined,
      "2",
      "3",
    ]);
    await checkRun(failure.graph);
  });

  test("blames a block has it undone at once, and names its calls and the limit", async () => {
    const limit = { name: "memory", value: 128, unit: "MiB" };
    const state = { kind: "lost", blame: "block", message: "It took too much.", limit } as const;
    const runtime = faultyRuntime({
      deliver: async (_spec, { index }, real) =>
        index === 1 ? { ...LOST, output: "so far\n", state } : await real(),
    });
    let seen = "";
    await using flow = flowOf(
      ({ agentId, turn, messages }) => {
        if (agentId === "root") seen = messages.at(-1)?.content ?? "";
        if (agentId !== "root") return block("await new Promise(() => {})");
        return block(turn === 0 ? "delegate('a', 'A'); await echo('x')" : "done('after')");
      },
      { runtime, globals: { echo: (value: string) => value } },
    );
    const { answer, graph } = await flow.run("Go.");
    expect(answer).toBe("after");
    expect(seen).toContain("The block broke a limit: memory = 128 MiB. It took too much.");
    expect(seen).toMatch(/^Output, up to the moment at which the block was stopped:\nso far\n/);
    expect(seen).toContain("- delegate (root#1/0): root.a, which gave no answer");
    expect(seen).toContain('- echo (root#1/1): "x"');
    expect(graph.head("root.a")).toMatchObject({
      kind: "cancelled",
      message: expect.stringContaining("was undone"),
    });
    await checkRun(graph);
  });

  test("memory that a block lacked because of an earlier one is looked for in that one's variables", async () => {
    const limit = { name: "memoryMB", value: 128, unit: "MB" };
    const lost = { kind: "lost", blame: "block", message: "It took too much.", limit } as const;
    const row = { type: "string", preview: "x", changed: true } as const;
    const runtime = faultyRuntime({
      start: async (_spec, { id }, real) => {
        const activation = await real();
        if (id === "root#3") return { ...LOST, state: lost };
        if (activation.state.kind !== "ended") return activation;
        const variables = [
          { ...row, name: "small", size: 10 },
          { ...row, name: "held", size: 268_435_456 },
        ];
        return { ...activation, state: { ...activation.state, variables } };
      },
    });
    const seen: string[] = [];
    await using flow = flowOf(
      ({ turn, messages }) => {
        seen.push(messages.at(-1)?.content ?? "");
        return block(turn < 2 ? `vars.x = ${turn}` : "done('after')");
      },
      { runtime },
    );
    await flow.run("Go.");
    expect(seen[2]).toContain("Large variables that existed before it: held (size 268435456).");
  });

  test("can't run earlier blocks any more ends the agent: later ones have used their variables", async () => {
    let rebuilding = false;
    const runtime = faultyRuntime({
      start: async (_spec, { id }, real) => {
        if (id === "root#3" && !rebuilding) {
          rebuilding = true;
          return LOST;
        }
        return rebuilding && id === "root#1" ? LOST : await real();
      },
    });
    await using flow = flowOf([block("vars.x = 1"), block("vars.x = 2")], { runtime });
    const error = await runFailureOf(flow.run("Go."));
    expect(error.message).toContain("its sandbox was lost 4 times in the earlier block root#1");
  });

  test("rejects when a REPL is disposed of harms nobody", async () => {
    const runtime = faultyRuntime({ dispose: fail(new TypeError("already gone")) });
    await using flow = flowOf(
      {
        root: [block("done(await Promise.all([delegate('a', 'A'), delegate('b', 'B')]))")],
        "root.a": [block("done(1)")],
        "root.b": [block("done(2)")],
      },
      { runtime, config: { maxLiveRepls: 1 } },
    );
    expect((await flow.run("Go.")).answer).toEqual([1, 2]);
  });

  test("opens slowly does not keep an abort waiting, and what opens late is closed", async () => {
    const asked = Promise.withResolvers<void>();
    const mayOpen = Promise.withResolvers<void>();
    const runtime = faultyRuntime({
      open: async (_spec, real) => {
        asked.resolve();
        await mayOpen.promise;
        return await real();
      },
    });
    await using flow = flowOf([block("done(1)")], { runtime });
    const run = flow.run("Go.");
    const failed = failureOf(run);
    await asked.promise;
    await run.abort();
    expect((await failed).code).toBe("aborted");
    mayOpen.resolve();
    await expect.poll(() => runtime.alive).toEqual({ now: 0, most: 1 });
  });
});
