import { ASCII_GLYPHS, UNICODE_GLYPHS } from "@rlmflow/render";
import { describe, expect, it } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { type LiveStyle, liveLines } from "../../src/progress/live-lines.ts";
import { failureLine, summaryLine } from "../../src/progress/plain-lines.ts";
import { RunProgress } from "../../src/progress/run-progress.ts";
import { palette } from "../../src/terminal/palette.ts";
import { columns } from "../../src/terminal/text-width.ts";
import { SampleRun, tokens } from "../sample-run.ts";

function style(run: SampleRun, changes: Partial<LiveStyle> = {}): LiveStyle {
  const plain = palette(false);
  return {
    now: run.now,
    width: 100,
    height: 10,
    glyphs: UNICODE_GLYPHS,
    palette: plain,
    maxCostUsd: null,
    ...changes,
  };
}

function progressOf(run: SampleRun): RunProgress {
  const progress = new RunProgress("run7f3a", 0);
  for (const node of run.nodes) progress.add(node);
  return progress;
}

function mapRun(size: number, ended: number): SampleRun {
  const run = new SampleRun()
    .query("root")
    .action("root", "```repl\nx\n```", tokens(1000, 20, 700_000), 1000);
  const children = Array.from({ length: size }, (_, index) => `root.map_${index}`);
  for (const child of children) run.delegate("root", child).query(child);
  run.supervising("root", children);
  for (const child of children.slice(0, ended)) run.action(child, "```repl\ndone(1)\n```").result(child, 1);
  run.now += 5000;
  return run;
}

describe("the live view", () => {
  it("shows what runs, what waits for it, and what it cost", () => {
    const run = mapRun(5, 2);
    run.action("root.map_2", "```repl\nfind(chunk)\n```", tokens(500, 10)).error("root.map_4", "time is up");
    run.now += 2000;
    const progress = progressOf(run);
    progress.addText("root.map_3", "I will check\nsection 7");
    expect(liveLines(progress, style(run, { maxCostUsd: 5 })).join("\n")).toMatchInlineSnapshot(`
      "run run7f3a  ● running  8.0s  agents 6  depth 1  nodes 19  Σ 1.8k tok  $0.70+ / $5.00 ▓░░░░░░░░░
      root                     ◷ waiting 3/5 done ▓▓▓▓▓▓░░░░ 7.0s                                self 1.0k
      root.map_2               ■ code  2.0s  find(chunk)                                          self 510
      root.map_3               ◆ model 7.0s  I will check section 7                                 self 0
      … 2 done  1 ✗
      last ✗ root.map_4 time is up"
    `);
  });

  it("shows that the run is paused, and that it goes on", () => {
    const run = mapRun(2, 1);
    const progress = progressOf(run);
    progress.setPaused(true);
    expect(liveLines(progress, style(run))[0]).toMatch(/◷ paused/);
    progress.setPaused(false);
    expect(liveLines(progress, style(run))[0]).toMatch(/● running/);
  });

  it("leaves out words before numbers where there is little room", () => {
    const run = mapRun(5, 2);
    for (const width of [50, 60, 70]) {
      const [head = "", root = "", child = ""] = liveLines(progressOf(run), style(run, { width }));
      expect(head, `${width}`).toMatch(/● running {2}.*Σ 1\.2k tok {2}\$0\.70/);
      expect(root, `${width}`).toMatch(/^root .*◷ waiting 2\/5 done.* self 1\.0k$/);
      expect(child, `${width}`).toMatch(/^root\.map_\d .*self 0$/);
    }
  });

  it("counts only what there is to count", () => {
    const counts = (run: SampleRun, height = 10) =>
      liveLines(progressOf(run), style(run, { height })).find((line) => line.startsWith("…"));
    expect(counts(mapRun(2, 0))).toBeUndefined();
    expect(counts(mapRun(2, 1))).toBe("… 1 done");
    expect(counts(mapRun(20, 0), 5)).toBe("… 18 more running");
    expect(counts(mapRun(20, 3), 5)).toBe("… 15 more running  3 done");
  });

  it.each([
    [5, 40],
    [10, 20],
    [20, 100],
    [3, 10],
  ])("takes no more than %i lines and %i columns", (height, width) => {
    const run = mapRun(300, 20);
    run.error("root.map_299", "x".repeat(500));
    const progress = progressOf(run);
    progress.addText("root.map_30", "日本".repeat(500));
    for (const glyphs of [UNICODE_GLYPHS, ASCII_GLYPHS]) {
      const lines = liveLines(progress, style(run, { height, width, glyphs }));
      expect(lines.length).toBeLessThanOrEqual(Math.max(4, height));
      expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(width);
    }
  });

  it("lets no control sequence of a model through", () => {
    const run = new SampleRun().query("root").query("root.a").error("root.a", "e\u001b]0;x\u0007");
    const progress = progressOf(run);
    progress.addText("root", "\u001b]52;c;AAAA\u0007\u001b[2J\nnext");
    expect(liveLines(progress, style(run)).join("")).not.toMatch(/\p{Cc}/u);
  });

  it("draws quickly with 10,000 agents", async () => {
    const progress = progressOf(mapRun(10_000, 5000));
    const spent = await processorMs(() => {
      for (let frame = 0; frame < 10; frame += 1) liveLines(progress, style(new SampleRun()));
    });
    expect(spent).toBeLessThan(2_000);
  });
});

describe("a request that is made again", () => {
  it("is shown with its agent until the model writes", () => {
    const run = new SampleRun().query("root");
    run.now += 1000;
    const progress = progressOf(run);
    const retry = { agentId: "root", model: "gpt-x", attempt: 2, waitMs: 4000, message: "503\nbusy" };
    progress.addRetry(retry, 500);
    expect(liveLines(progress, style(run))[1]).toContain("retry 2 in 3.5s: 503 busy");
    expect(summaryLine(progress, run.now)).toContain(" retries=1");
    progress.addText("root", "I look");
    expect(liveLines(progress, style(run))[1]).toContain("I look");
  });
});

describe("RunProgress", () => {
  it("counts nodes, agents, ends and depth", () => {
    const run = mapRun(5, 2).error("root.map_4", "no").error("root.map_3", "stop", true, "cancelled");
    const progress = progressOf(run);
    expect(progress.counts).toEqual({
      nodes: run.nodes.length,
      agents: 6,
      done: 2,
      failed: 2,
      deepest: 1,
      retries: 0,
    });
    expect([...progress.agents()].map(({ agentId, phase }) => [agentId, phase])).toEqual([
      ["root", "waiting"],
      ["root.map_2", "model"],
    ]);
    expect(progress.lastFailure).toEqual({ agentId: "root.map_4", message: "no" });
  });

  it("adds up what requests cost, failed ones too", () => {
    const progress = progressOf(mapRun(3, 3));
    expect(progress.usage).toMatchObject({ input: 1300, output: 50, costMicroUsd: 700_000, requests: 4 });
  });

  it("takes text only while the model writes, and not without end", () => {
    const run = new SampleRun().query("root");
    const progress = progressOf(run);
    for (let piece = 0; piece < 1000; piece += 1) progress.addText("root", "0123456789");
    expect([...progress.agents()][0]?.label.length).toBeLessThan(300);
    progress.addText("nobody", "x");
    expect([...progress.agents()]).toHaveLength(1);
  });

  it("sees an agent again that is given a further query", () => {
    const run = new SampleRun().query("root").result("root", 1);
    const progress = progressOf(run);
    const [first] = run.nodes;
    if (first?.type !== "query") throw new Error("no query");
    progress.add({ ...first, ordinal: 1, id: "root#2", n: 2 });
    expect(progress.counts).toMatchObject({ agents: 1, done: 0 });
    expect([...progress.agents()]).toHaveLength(1);
  });
});

describe("plain progress", () => {
  it("is one line of fields in a fixed order", () => {
    const run = mapRun(3, 2);
    run.now = 161_400;
    expect(summaryLine(progressOf(run), run.now)).toBe("t=161s agents=4 done=2 err=0 tok=1.2k cost=0.70+");
    expect(summaryLine(new RunProgress("r", 0), 1000)).toContain("cost=?");
    expect(failureLine("root.a", "x\u001b[2J\ny")).toBe("failed root.a: x y");
  });
});
