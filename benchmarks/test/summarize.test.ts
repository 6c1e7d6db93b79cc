import { expect, it } from "vitest";
import { quantile, rounded, spelled, summarize } from "../src/summarize.ts";

it("a summary is the middle sample between the outermost ones", () => {
  expect(summarize([5, 1, 9, 2, 7])).toEqual({ value: 5, least: 1, most: 9 });
});

it("a quantile that falls between two samples is the upper one", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(3);
  expect(
    quantile(
      Array.from({ length: 100 }, (_, index) => index + 1),
      0.95,
    ),
  ).toBe(96);
});

it("without a sample there is no number", () => {
  expect(summarize([]).value).toBeNaN();
  expect(rounded(Number.NaN)).toBe("?");
});

it("numbers have three digits that count", () => {
  expect([0, 0.01234, 1.005, 12.34, 12_345].map(rounded)).toEqual(["0", "0.0123", "1.00", "12.3", "12345"]);
  expect(spelled([1, 2, 3], "ms")).toBe("2.00 (1.00–3.00) ms");
});
