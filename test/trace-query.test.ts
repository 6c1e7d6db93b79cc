import { beforeAll, describe, expect, it } from "vitest";
import { type Ended, runNode } from "./run-node.ts";
import { repositoryRoot } from "./source-files.ts";

/** The figures at the time of writing, rounded up. Lower them when the figures fall. */
const MOST_MOVES = 960;
const MOST_FILES_BEFORE_FIRST_NODE = 24;

const COUNTED = /^packages\/(core|workspace|clients)\/src\/.+\.ts$/;

function trace(...options: readonly string[]): Promise<Ended> {
  return runNode(["scripts/trace-query.mjs", ...options], { cwd: repositoryRoot, timeoutMs: 240_000 });
}

/** The paragraphs of an output, each as its lines. */
function paragraphsOf({ stdout }: Ended): readonly (readonly string[])[] {
  return stdout
    .trimEnd()
    .split("\n\n")
    .map((paragraph) => paragraph.split("\n"));
}

/** The figure in front of these words. */
function figureOf(table: readonly string[] | undefined, words: string): number {
  const line = table?.find((row) => row.endsWith(`  ${words}`)) ?? "";
  return Number.parseInt(line.replaceAll(",", ""), 10);
}

describe("the trace of one query", () => {
  let [first, second]: readonly Ended[] = [];
  beforeAll(async () => {
    first = await trace("--files", "--walk");
    second = await trace("--files", "--walk");
  });

  it("is the same each time", () => {
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(second).toEqual(first);
  });

  it("has figures that agree with the files and moves that it lists", () => {
    const [table, files = [], walk = []] = paragraphsOf(first as Ended);
    expect(table).toHaveLength(5);
    expect(new Set(files).size).toBe(files.length);
    expect(files.filter((file) => !COUNTED.test(file))).toEqual([]);
    expect(figureOf(table, "files")).toBe(files.length);
    expect(figureOf(table, "moves between files")).toBe(walk.length);
    expect(figureOf(table, "calls")).toBeGreaterThan(walk.length);

    const entered = new Set([files[0]]);
    let [returns, place] = [0, files[0]];
    for (const move of walk) {
      const [from, to] = move.split(" -> ");
      expect(from).toBe(place);
      expect(to).not.toBe(from);
      if (entered.has(to)) returns += 1;
      entered.add(to);
      place = to;
    }
    expect([...entered]).toEqual(files);
    expect(figureOf(table, "of them returns to a file that was entered before")).toBe(returns);
  });

  it("goes through the client, the engine and the log", () => {
    const [table, files = []] = paragraphsOf(first as Ended);
    const at = (end: string) => files.findIndex((file) => file.endsWith(end));
    const before = figureOf(table, "files before the first node is in the log");
    expect(at("/openai-client.ts")).toBeGreaterThanOrEqual(0);
    // A run is made with its first node; the log is appended to, and a reply is read, after that.
    expect(at("/new-branch.ts")).toBeGreaterThanOrEqual(0);
    expect(at("/new-branch.ts")).toBeLessThan(before);
    expect(at("/log-writer.ts")).toBeGreaterThanOrEqual(before);
    expect(at("/chat-reply.ts")).toBeGreaterThanOrEqual(before);
  });

  it("makes no more moves, and enters no more files before its first node, than it did", () => {
    const [table] = paragraphsOf(first as Ended);
    expect(figureOf(table, "moves between files")).toBeLessThanOrEqual(MOST_MOVES);
    expect(figureOf(table, "files before the first node is in the log")).toBeLessThanOrEqual(
      MOST_FILES_BEFORE_FIRST_NODE,
    );
  });
});

it("an option that does not exist is refused", async () => {
  expect(await trace("--wlak")).toMatchObject({ exitCode: 1, stdout: "" });
});
