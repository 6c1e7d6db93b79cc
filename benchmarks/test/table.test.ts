import { expect, it } from "vitest";
import type { Finding } from "../src/row.ts";
import { isMissed, table, withEarlierRows } from "../src/table.ts";

const finding: Finding = {
  what: "a thing",
  value: 2,
  least: 1,
  most: 3,
  unit: "x",
  bar: 1.5,
  detail: "measured",
  limitedBy: "something",
};

it("a missed bar says what limits it, a kept one does not", () => {
  const text = table([
    { id: 1, load: "0.5", date: "2026-12-01", findings: [finding, { ...finding, bar: 2 }] },
  ]);
  const [, , missed, met] = text.split("\n");
  expect(missed).toBe(
    "| 1 | a thing | 2.00 x (1.00–3.00) | ≤ 1.5 x | **missed** | measured. Limited by something | 0.5 | 2026-12-01 |",
  );
  expect(met).toBe("| 1 | a thing | 2.00 x (1.00–3.00) | ≤ 2 x | met | measured | 0.5 | 2026-12-01 |");
});

it("a number that could not be had misses its bar, and one without a bar can't", () => {
  expect(isMissed({ ...finding, value: Number.NaN })).toBe(true);
  expect(isMissed({ ...finding, bar: null })).toBe(false);
});

it("rows that were not measured again keep their lines, in their place", () => {
  const of = (id: number, what: string) =>
    table([{ id, load: "0.5", date: "2026-12-01", findings: [{ ...finding, what }] }]);
  const earlier = [of(1, "old one"), of(2, "old two"), of(12, "old twelve")].join("\n");
  const lines = withEarlierRows(of(2, "new two"), earlier).split("\n");
  expect(lines.map((line) => line.split(" | ")[1])).toEqual([
    "what",
    undefined,
    "old one",
    "new two",
    "old twelve",
  ]);
});
