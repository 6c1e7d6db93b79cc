import { describe, expect, test } from "vitest";
import {
  isKnownFormat,
  MIGRATIONS,
  type Migration,
  migrated,
  withoutGaps,
} from "../../../src/data/decode/migrations.ts";
import type { QueryNode } from "../../../src/index.ts";
import { decodeNode, FORMAT } from "../../../src/store.ts";
import { sampleNodes } from "../sample-nodes.ts";

const step = (from: number): Migration => ({ from, node: (stored) => stored, runInfo: (stored) => stored });

describe("the migrations", () => {
  test("lead from format 1 to the current one", () => {
    expect(MIGRATIONS.map(({ from }) => from)).toEqual(Array.from({ length: FORMAT - 1 }, (_, at) => at + 1));
  });

  test.each([[[]], [[2]], [[1, 3]], [[2, 1]], [[1, 1]], [[1, 2, 3]]])(
    "from %j do not lead to format 3",
    (froms) => {
      expect(() => withoutGaps(froms.map(step), 3)).toThrow("format 3 needs one from each of 1 to 2");
    },
  );

  test("leave what is stored in the current format as it is", () => {
    const stored = { type: "query" };
    expect(migrated("node", stored, FORMAT)).toBe(stored);
    expect(migrated("runInfo", stored, 1)).toBe(stored);
  });

  test("give a query of format 1 the words of format 2, where it has those of format 1", () => {
    const query = {
      type: "query",
      turn: 1,
      kernel: { language: "python", engine: "cpython 3" },
      query: "turn",
    };
    expect(migrated("node", query, 1)).toEqual({
      type: "query",
      ordinal: 1,
      language: { name: "python", engine: "cpython 3" },
      query: "turn",
    });
    const call = { type: "call", turn: 1, kernel: {} };
    expect(migrated("node", call, 1)).toBe(call);
    for (const damaged of [
      null,
      3,
      "query",
      [],
      { type: "query", kernel: 3 },
      { type: "query", kernel: null },
    ])
      expect(JSON.stringify(migrated("node", damaged, 1))).toBe(
        JSON.stringify(damaged).replace("kernel", "language"),
      );
  });

  test("do not read the words of format 1 in format 2", () => {
    const [query] = sampleNodes();
    const { ordinal, ...rest } = query as QueryNode;
    expect(() => decodeNode({ ...rest, turn: ordinal }, "$")).toThrow("$.ordinal should be");
    expect(decodeNode({ ...query }, "$")).toMatchObject({ ordinal });
  });

  test.each([0, FORMAT + 1, 1.5, "1", null, undefined])("know no format %j", (format) => {
    expect(isKnownFormat(format)).toBe(false);
  });
});
