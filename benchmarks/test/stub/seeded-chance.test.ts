import { expect, it } from "vitest";
import { pareto, seededChance } from "../../src/stub/seeded-chance.ts";

it("chance depends on the text alone and fills its range", () => {
  const draws = Array.from({ length: 10_000 }, (_, index) => seededChance(`seed/${index}`));
  expect(seededChance("seed/7")).toBe(draws[7]);
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  expect(mean).toBeGreaterThan(0.49);
  expect(mean).toBeLessThan(0.51);
});

it("a Pareto draw has a median of 2^(1/shape) and a heavy tail", () => {
  const draws = Array.from({ length: 10_000 }, (_, index) => pareto(`tail/${index}`, 1.4)).sort(
    (a, b) => a - b,
  );
  expect(draws[0]).toBeGreaterThanOrEqual(1);
  expect(draws[5000]).toBeCloseTo(2 ** (1 / 1.4), 1);
  expect(draws.at(-1)).toBeGreaterThan(200);
});
