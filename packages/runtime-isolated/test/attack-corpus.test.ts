import { attackCases, attackCorpus } from "@rlmflow/testing";
import { afterAll, describe, test } from "vitest";
import { isolatedRuntime } from "../src/index.ts";

const memory = { memoryMB: 64, rssMB: 350 };
/** Many cases run into the limits: the sooner the better. */
const hasty = isolatedRuntime({ limits: { timeMs: 400, wallMs: 1500, ...memory } });
/** These end by themselves, be the machine as busy as it likes. */
const patient = isolatedRuntime({ limits: { timeMs: 5000, wallMs: 15_000, ...memory } });

describe("the attack corpus", () => {
  afterAll(async () => void (await Promise.all([hasty.close(), patient.close()])));
  const isEnding = attackCases.map(({ expect }) => expect === "ends" || expect === "same");
  for (const [runtime, cases] of [
    [hasty, attackCases.filter((_, place) => !isEnding[place])],
    [patient, attackCases.filter((_, place) => isEnding[place])],
  ] as const) {
    // Five times the bound, for machines that do other things as well.
    const checks = attackCorpus(async () => runtime, { cases, maxLagMs: 2500 });
    for (const { name, run } of checks) test(name, run);
  }
});
