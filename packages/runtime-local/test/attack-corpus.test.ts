import { type AttackCase, attackCases, attackCorpus } from "@rlmflow/testing";
import { afterAll, describe, test } from "vitest";
import { localRuntime } from "../src/index.ts";

const runtime = localRuntime({ timeMs: 2_000 });
afterAll(() => runtime.close());

/**
 * A realm is no sandbox, yet what the language alone must withstand it withstands here too. Left out: cases
 * that go up to limits of time and memory, which are this process's, and `import()`, whose refusal is an
 * error of the host's realm.
 */
function isOfLanguage({ name, expect }: AttackCase): boolean {
  return (expect === "ends" || expect === "same") && name !== "import expressions and import.meta";
}

describe("the language", () => {
  const cases = attackCases.filter(isOfLanguage);
  for (const { name, run } of attackCorpus(async () => runtime, { cases, maxLagMs: 5_000 })) test(name, run);
});
