import { ASCII_GLYPHS, runTree, type TreeItem, type TreeOptions, UNICODE_GLYPHS } from "@rlmflow/render";
import { describe, expect, it } from "vitest";
import { palette } from "../../src/terminal/palette.ts";
import { columns } from "../../src/terminal/text-width.ts";
import { type TreeStyle, treeLines } from "../../src/tree/tree-lines.ts";
import { SampleRun, tokens } from "../sample-run.ts";

const DEFAULTS: TreeOptions = { root: "root", by: "time", all: false, depth: 3, expand: new Set() };
const STYLE: TreeStyle = { width: 100, glyphs: UNICODE_GLYPHS, palette: palette(false), ids: false };

function draw(run: SampleRun, options: Partial<TreeOptions> = {}, style: Partial<TreeStyle> = {}): string {
  const tree = runTree(run.graph(), { ...DEFAULTS, ...options });
  return treeLines(tree, { ...STYLE, ...style }).join("\n");
}

/** A root that delegates to these children, which end with these durations, three of them failing. */
function mapRun(size: number, failing: ReadonlySet<number> = new Set()): SampleRun {
  const run = new SampleRun().query("root", "Which contract ends first?");
  run.action("root", "Split, map, reduce.\n```repl\nx\n```", tokens(12_400, 310, 5000), 3100);
  const children = Array.from({ length: size }, (_, index) =>
    index === 0 ? "root.map" : `root.map_${index}`,
  );
  for (const child of children) run.delegate("root", child).query(child);
  run.supervising("root", children);
  for (const [index, child] of children.entries()) {
    run.action(child, "```repl\ndone(1)\n```", tokens(1000, 100, 200), 1000);
    if (failing.has(index)) run.error(child, `KeyError: 'date' ${index}`);
    else run.result(child, index);
  }
  run.resume("root", "all done").action("root", "```repl\ndone('2024')\n```", tokens(13_000, 20, 5100), 2000);
  return run.result("root", "2024-03-01 (contract 212)");
}

function linesOf(tree: TreeItem): number {
  return 1 + tree.children.reduce((sum, child) => sum + linesOf(child), 0);
}

describe("the tree of a run", () => {
  it("shows agents, their nodes, and children below the node that waited for them", () => {
    const run = new SampleRun().query("root", "What is it?");
    run.action("root", "I ask.\n```repl\nx\n```", tokens(100, 10, 1000), 1000).delegate("root", "root.ask");
    run.query("root.ask", "Look it up").supervising("root", ["root.ask"]);
    run
      .action("root.ask", "```repl\nprint(1)\n```", tokens(200, 20, 2000), 2000)
      .observation("root.ask", "1\n2");
    run.action("root.ask", "```repl\ndone(42)\n```", tokens(300, 5, 3000), 500).result("root.ask", 42);
    run.resume("root", "42").action("root", "```repl\ndone('forty-two')\n```").result("root", "forty-two");
    expect(draw(run)).toMatchInlineSnapshot(`
      "root  "What is it?"                                       gpt-x  3.5s  Σ 745 tok  $0.0060+
      ├─ Q  #0   query        "What is it?"
      ├─ A  #1   action       "I ask." x                        1.0s  100→10
      ├─ S  #2   supervising  waits for 1                       2.5s  ◀ ask 2.5s
      │  └─ ask  "Look it up"                                   2.5s  Σ 525 tok  $0.0050
      │     ├─ Q  #0   query        "Look it up"
      │     ├─ A  #1   action       print(1)                    2.0s  200→20
      │     ├─ O  #2   observation  2 lines, 3 characters: 1 2  0.0s
      │     ├─ A  #3   action       done(42)                    0.5s  300→5
      │     └─ F  #4   result       42                          0.0s
      ├─ R  #3   resume       1 line, 2 characters: 42          0.0s
      ├─ A  #4   action       done('forty-two')                 0.0s  100→10
      └─ F  #5   result       "forty-two"                       0.0s"
    `);
  });

  it("gathers siblings of one role, failures first and then the slowest", () => {
    expect(draw(mapRun(400, new Set([17, 88, 301])))).toMatchInlineSnapshot(`
      "root  "Which contract ends first?"                           gpt-x  6m45s  Σ 466k tok  $0.09
      ├─ Q  #0   query        "Which contract ends first?"
      ├─ A  #1   action       "Split, map, reduce." x              3.1s  12.4k→310
      ├─ S  #2   supervising  waits for 400                        6m40s  ◀ map_399 6m40s
      │  └─ map ×400  p50 3m21s  p95 6m21s  max 6m40s  ✗3          Σ 440k tok  $0.08
      │     ├─ ✗ map_301  exception (fatal): KeyError: 'date' 301  5m02s  Σ 1.1k tok  $0.0002
      │     ├─ ✗ map_88  exception (fatal): KeyError: 'date' 88    1m29s  Σ 1.1k tok  $0.0002
      │     ├─ ✗ map_17  exception (fatal): KeyError: 'date' 17    18.0s  Σ 1.1k tok  $0.0002
      │     ├─ map_399  399                                        6m40s  Σ 1.1k tok  $0.0002
      │     └─ … 396 more   --all | --expand root.map_398
      ├─ R  #3   resume       1 line, 8 characters: all done       0.0s
      ├─ A  #4   action       done('2024')                         2.0s  13.0k→20
      └─ F  #5   result       "2024-03-01 (contract 212)"          0.0s"
    `);
  });

  it("fits any width, one line for each item, in UTF-8 and without", () => {
    const wide = new SampleRun().query("root").action("root", "x");
    wide
      .delegate("root", "root.日本語の名前")
      .query("root.日本語の名前", "質問".repeat(100))
      .error("root.日本語の名前", "エラー\n".repeat(100));
    for (const run of [mapRun(30, new Set([3])), wide]) {
      const tree = runTree(run.graph(), { ...DEFAULTS, all: true, depth: 9 });
      for (const width of [20, 40, 60, 80, 200]) {
        for (const glyphs of [UNICODE_GLYPHS, ASCII_GLYPHS]) {
          const lines = treeLines(tree, { ...STYLE, glyphs, width, ids: true });
          expect(lines).toHaveLength(linesOf(tree));
          expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(width);
        }
      }
    }
  });

  it("draws with ASCII alone when asked", () => {
    expect(draw(mapRun(10, new Set([1])), { all: true }, { glyphs: ASCII_GLYPHS })).toMatch(/^[ -~\n]*$/);
  });

  it("lets nothing of what a model wrote reach the terminal as a control sequence", () => {
    const evil = "\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202E";
    const run = new SampleRun()
      .query("root", `q${evil}`)
      .action("root", `say${evil}\n\`\`\`repl\nx${evil}\n\`\`\``);
    run.observation("root", evil).error("root", `e${evil}`, false).result("root", { answer: evil });
    expect(draw(run, { all: true })).not.toMatch(/[^\P{Cc}\n]|\u202E/u);
  });

  it("names the items it leaves out, and shows them when asked to", () => {
    const run = mapRun(40, new Set([7, 9]));
    expect(draw(run)).toContain("… 36 more   --all | --expand root.map_");
    expect(draw(run, { all: true })).not.toContain("more");
    const expanded = draw(run, { expand: new Set(["root.map_33"]), depth: 1 });
    expect(expanded).toContain("map_33");
    expect(expanded).toContain("A  #1   action");
  });

  it("opens no deeper than asked", () => {
    const run = mapRun(2);
    expect(draw(run, { depth: 1 }).match(/A {2}#\d+ +action/g)).toHaveLength(2);
    expect(draw(run, { depth: 2 }).match(/A {2}#\d+ +action/g)).toHaveLength(4);
  });

  it("sorts siblings by what is asked for", () => {
    const run = new SampleRun().query("root").action("root", "```repl\nx\n```");
    run
      .delegate("root", "root.slow")
      .query("root.slow")
      .action("root.slow", "a", tokens(1, 1, 1), 9000);
    run
      .delegate("root", "root.dear")
      .query("root.dear")
      .action("root.dear", "b", tokens(2, 2, 900), 10);
    run
      .delegate("root", "root.long")
      .query("root.long")
      .action("root.long", "c", tokens(900, 9, 5), 20);
    for (const child of ["root.slow", "root.dear", "root.long"]) run.result(child, 1);
    const order = (by: TreeOptions["by"]) => draw(run, { by, depth: 1 }).match(/(?<=─ )(slow|dear|long)/g);
    expect(order("time")?.[0]).toBe("slow");
    expect(order("tokens")?.[0]).toBe("long");
    expect(order("cost")?.[0]).toBe("dear");
  });

  it("leaves out the middle of a long chain and says how many errors it holds", () => {
    const run = new SampleRun().query("root");
    for (let turn = 0; turn < 100; turn += 1)
      run.action("root", `turn ${turn}`).error("root", "no", false, "no_code");
    const text = draw(run);
    expect(text).toContain("… 161 more (✗");
    expect(text).toContain('"turn 0"');
    expect(text).toContain('"turn 99"');
    expect(draw(run, { all: true }).split("\n")).toHaveLength(202);
  });

  it("stays a page or two whatever the run", () => {
    const run = new SampleRun().query("root").action("root", "```repl\nx\n```");
    for (let index = 0; index < 2000; index += 1) {
      const child = `root.task${index % 300}x${index}`;
      run.delegate("root", child).query(child).action(child, "```repl\nx\n```");
      run.delegate(child, `${child}.sub`).query(`${child}.sub`).result(`${child}.sub`, 1).result(child, 1);
    }
    expect(draw(run).split("\n").length).toBeLessThan(400);
  });
});
