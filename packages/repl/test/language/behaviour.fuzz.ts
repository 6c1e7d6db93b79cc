import { test } from "vitest";
import { checkProgram } from "./behaviour.ts";

const PROGRAMS = Number(process.env.FUZZ_PROGRAMS ?? 10_000);
const FIRST_SEED = Number(process.env.FUZZ_SEED ?? 1_000);

test(`${PROGRAMS} random programs from seed ${FIRST_SEED} do in blocks what they do as one script`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + PROGRAMS; seed += 1) await checkProgram(seed);
});
