import { type AttackCase, attackCases, attackCorpus } from "@rlmflow/testing";
import { afterAll, describe, test } from "vitest";
import { subprocessRuntime } from "../src/index.ts";

const runtime = subprocessRuntime({ timeMs: 500, memoryMB: 64, rssMB: 400, times: { wallMs: 1500 } });

/**
 * What a process must hold: time, memory, hosts that stay awake, and blame. What the language holds is tried in this
 * process, where it costs no process a case (see the corpus of the runtime there). A weakness declared there stands
 * here too: a refused `import()` in `eval` throws an error of the server's own realm, see permissions.test.ts.
 */
function isOfProcess({ expect }: AttackCase): boolean {
  return expect === "contained" || expect === "lost";
}

describe("the attack corpus", () => {
  afterAll(() => runtime.close());
  const cases = attackCases.filter(isOfProcess);
  for (const { name, run } of attackCorpus(async () => runtime, { cases, maxLagMs: 2500 })) test(name, run);
});
