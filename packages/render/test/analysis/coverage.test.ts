import { Graph, type RunNode } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { blockRecord, runInfo } from "../../../core/test/data/run-builder.ts";
import { contextCoverage, coverageBins, unitsIn } from "../../src/index.ts";
import { goldenGraph } from "../sample-graphs.ts";

const DIGEST = "a".repeat(64);
type Read = readonly [start: number, end: number, key?: string];

/** A run whose root has a payload of 100 units, and a child that has the units from 40 up to 80 of it. */
function runThatReads(root: readonly Read[], child: readonly Read[]): Graph {
  const nodes = [...goldenGraph().walk()];
  const query = nodes.find((node) => node.type === "query");
  if (query?.type !== "query") throw new TypeError("There is no query.");
  const block = (reads: readonly Read[]) => ({
    ...blockRecord,
    reads: reads.map(([start, end, key = "context"]) => ({ key, start, end })),
  });
  const common = { startedAt: 0, endedAt: 0, origin: "engine" } as const;
  const made = [
    {
      ...query,
      contexts: [{ key: "context", digest: DIGEST, characters: 100 }],
    },
    observation("root", 1, root),
    {
      ...query,
      id: "root.c#0",
      agentId: "root.c",
      depth: 1,
      parentId: "root#1",
      contexts: [{ key: "part", digest: DIGEST, characters: 40, range: { start: 40, end: 80 } }],
    },
    observation("root.c", 1, child),
  ];
  function observation(agentId: string, n: number, reads: readonly Read[]) {
    const id = `${agentId}#${n}`;
    return {
      ...common,
      id,
      agentId,
      n,
      parentId: `${agentId}#0`,
      type: "observation",
      content: "",
      block: block(reads),
    };
  }
  let graph = Graph.empty(runInfo);
  for (const node of made) graph = graph.append([node as RunNode]);
  return graph;
}

describe("the coverage of a context", () => {
  test("says what was read, what was not, and what by more than one agent, in units of the whole payload", () => {
    const graph = runThatReads(
      [
        [0, 10],
        [5, 20],
        [50, 60],
      ],
      [
        [0, 15, "part"],
        [30, 40, "part"],
      ],
    );
    const [coverage, ...others] = contextCoverage(graph);
    expect(others).toEqual([]);
    expect(coverage).toMatchObject({
      digest: DIGEST,
      key: "context",
      characters: 100,
      read: [
        { start: 0, end: 20 },
        { start: 40, end: 60 },
        { start: 70, end: 80 },
      ],
      unread: [
        { start: 20, end: 40 },
        { start: 60, end: 70 },
        { start: 80, end: 100 },
      ],
      repeated: [{ start: 50, end: 55 }],
    });
    expect(coverage?.reads).toHaveLength(5);
    expect(unitsIn(coverage?.read ?? [])).toBe(50);
  });

  test("counts nothing twice that one agent reads twice, and nothing of a key that it was not given", () => {
    const [coverage] = contextCoverage(
      runThatReads(
        [
          [0, 10],
          [0, 10],
          [3, 3],
          [0, 9, "other"],
        ],
        [],
      ),
    );
    expect(coverage).toMatchObject({ read: [{ start: 0, end: 10 }], repeated: [] });
    expect(coverage?.reads).toHaveLength(3);
  });

  test("of a context that nobody read is empty", () => {
    expect(contextCoverage(runThatReads([], []))).toMatchObject([
      { read: [], unread: [{ start: 0, end: 100 }], repeated: [] },
    ]);
  });

  test.each([1, 3, 7, 10, 64, 100, 2048])("in %i bins is what a count unit by unit gives", (bins) => {
    const [coverage] = contextCoverage(
      runThatReads(
        [
          [0, 10],
          [5, 20],
          [50, 100],
        ],
        [
          [0, 15, "part"],
          [30, 40, "part"],
        ],
      ),
    );
    if (coverage === undefined) throw new TypeError("There is no coverage.");
    const rows = coverageBins(coverage, bins);
    const width = 100 / bins;
    const counted = rows.map((_, depth) =>
      Array.from({ length: bins }, (_bin, bin) => {
        let units = 0;
        for (const read of coverage.reads)
          for (let unit = read.start; unit < read.end; unit++)
            if (
              read.depth === depth &&
              unit >= Math.floor(bin * width) &&
              unit < Math.floor((bin + 1) * width)
            )
              units++;
        return units;
      }),
    );
    expect(rows.map((row) => [...row])).toEqual(counted);
  });

  test("of the golden run names its payloads and stays within them", () => {
    const found = contextCoverage(goldenGraph());
    expect(found.length).toBeGreaterThan(0);
    for (const { read, unread, characters } of found)
      expect(unitsIn(read) + unitsIn(unread)).toBe(characters);
  });
});
