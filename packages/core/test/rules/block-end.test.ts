import { describe, expect, test } from "vitest";
import { type BlockEnd, childrenNotWaitedFor, observe, observeUndone } from "../../src/rules/block-end.ts";
import { RunBuilder } from "../data/run-builder.ts";

const END: BlockEnd = {
  output: "",
  problem: null,
  notice: null,
  unawaited: [],
  children: [],
  maxOutputLength: 200,
  repliesLeft: 20,
};

function contentOf(end: Partial<BlockEnd>): string {
  return observe({ ...END, ...end }).content;
}

describe("what the model is shown after a block that was undone", () => {
  const UNDONE = {
    output: "",
    problem: "The block broke a limit: timeMs = 10 ms.",
    calls: [],
    remark: "",
    maxOutputLength: 200,
    repliesLeft: 20,
  };

  test("is what it wrote, what ended it and what its calls gave", () => {
    const calls = [{ id: "root#1/0", name: "llmQuery", answer: '"Paris"' }];
    expect(observeUndone({ ...UNDONE, output: "step 1\n", calls }).content).toBe(
      [
        "Output, up to the moment at which the block was stopped:",
        "step 1\n",
        "The block broke a limit: timeMs = 10 ms.",
        "The block's variables are undone; the REPL is as it was before this block.",
        "Its calls are not undone. What they gave:",
        '- llmQuery (root#1/0): "Paris"',
      ].join("\n"),
    );
  });

  test("is bounded, however much was written and called", () => {
    const calls = Array.from({ length: 500 }, (_, n) => ({
      id: `root#1/${n}`,
      name: "llmQuery",
      answer: "y".repeat(9_000),
    }));
    const { content, shown } = observeUndone({ ...UNDONE, output: "x".repeat(9_000), calls });
    expect(content.length).toBeLessThan(8_000);
    expect(content).toContain("- and 488 more");
    expect(shown).toBe(content.split("x").length - 1);
  });
});

describe("what the model is shown after a block", () => {
  test("says so when there is nothing", () => {
    expect(contentOf({})).toBe("(no output)");
    expect(contentOf({ problem: "Error: no" })).toBe("Error: no");
  });

  test("is the output, what was said of the code and what went wrong, in this order", () => {
    expect(contentOf({ output: "1\n", problem: "Error: no", notice: "Only one ran." })).toBe(
      "Output:\n1\n\nOnly one ran.\nError: no",
    );
  });

  test("is cut in the middle, and counts what was shown", () => {
    const { content, shown } = observe({ ...END, output: "x".repeat(1000) });
    expect(content).toContain("of 1000 characters left out here");
    expect(content.length).toBeLessThanOrEqual(200 + "Output:\n".length);
    expect(shown).toBe(content.split("x").length - 1);
    expect(observe({ ...END, output: "short" }).shown).toBe(5);
  });

  test("names the calls nobody awaited and the children nobody waited for", () => {
    const content = contentOf({
      unawaited: [{ index: 3, name: "fetchPage" }],
      children: [{ id: "root.a", state: "running" }],
    });
    expect(content).toContain(
      "Not awaited, so you have not seen its answer: fetchPage (call 3). If a variable holds it, await that in your next block;",
    );
    expect(content).toContain("Children nobody waited for yet: root.a (running).");
  });

  test("names twelve at most and counts the rest", () => {
    const children = Array.from({ length: 500 }, (_, place) => ({ id: `root.c${place}`, state: "done" }));
    const content = contentOf({ children });
    expect(content).toContain("root.c11 (done) and 488 more");
    expect(content).not.toContain("root.c12 ");
  });

  test("says how many replies are left when they are few", () => {
    expect(contentOf({ repliesLeft: 3 })).toContain("Replies left: 3.");
    expect(contentOf({ repliesLeft: 4 })).not.toContain("Replies left");
  });
});

test("children that no wait has delivered are told with their state", () => {
  const run = new RunBuilder();
  run.query("root", "Begin.");
  run.action("root", "1");
  for (const [index, name] of ["a", "b", "c", "d", "e"].entries())
    run.delegate("root", index, `root.${name}`);
  run.result("root.a", 1);
  run.result("root.b", 1);
  run.call("root", 5, { name: "wait", args: ["root.a"], outcome: { ok: true, value: ["root.a#1"] } });
  run.error("root.c", "request_failed", { fatal: true });
  run.error("root.d", "cancelled", { fatal: true });
  expect(childrenNotWaitedFor(run.graph, "root")).toEqual([
    { id: "root.b", state: "done" },
    { id: "root.c", state: "failed" },
    { id: "root.d", state: "cancelled" },
    { id: "root.e", state: "running" },
  ]);
});
