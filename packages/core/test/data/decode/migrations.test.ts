import { describe, expect, test } from "vitest";
import {
  isKnownFormat,
  MIGRATIONS,
  type Migration,
  migrated,
  withoutGaps,
} from "../../../src/data/decode/migrations.ts";
import { FORMAT } from "../../../src/store.ts";

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

  test.each([0, FORMAT + 1, 1.5, "1", null, undefined])("know no format %j", (format) => {
    expect(isKnownFormat(format)).toBe(false);
  });
});
