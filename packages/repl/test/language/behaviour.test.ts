import { expect, test } from "vitest";
import { checkProgram } from "./behaviour.ts";

const PROGRAMS = 200;

test(`${PROGRAMS} random programs do in blocks what they do as one script`, async () => {
  let threw = 0;
  for (let seed = 1; seed <= PROGRAMS; seed += 1) if (await checkProgram(seed)) threw += 1;
  // Programs that all throw, or never do, would test little.
  expect(threw).toBeGreaterThan(PROGRAMS / 20);
  expect(threw).toBeLessThan(PROGRAMS / 2);
});
