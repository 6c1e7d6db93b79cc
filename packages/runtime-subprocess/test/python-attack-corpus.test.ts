import { readdirSync, readFileSync } from "node:fs";
import { pythonLanguage } from "@rlmflow/repl-python";
import { attackCorpus } from "@rlmflow/testing";
import { afterAll, describe, expect, test } from "vitest";
import { comesTrue } from "../../../test/processes.ts";
import { subprocessRuntime } from "../src/index.ts";
import { PYTHON_PRELUDE, pythonAttackCases } from "./python-attack-cases.ts";

/** A number that no other test gives, so that a process of this corpus is known by its command line. */
const TIME_MS = 1211;
const runtime = subprocessRuntime({
  language: pythonLanguage,
  timeMs: TIME_MS,
  rssMB: 400,
  times: { wallMs: 10_000 },
});
afterAll(() => runtime.close());

/**
 * Python's process is the wall: what is tried here is that code in it breaks nothing but its own REPL, that a loss is
 * told with its reason, and that nothing is left. What escapes the language and stays in the process is no finding.
 */
describe("the attack corpus of Python", () => {
  const options = { cases: pythonAttackCases, prelude: PYTHON_PRELUDE, maxLagMs: 2500 };
  for (const { name, run } of attackCorpus(async () => runtime, options)) test(name, run);

  test.runIf(process.platform === "linux")("leaves no process behind", async () => {
    await runtime.close();
    await comesTrue(() => leftovers().length === 0);
    expect(leftovers()).toEqual([]);
  });
});

/** Command lines of processes that the corpus has started. */
function leftovers(): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .map(commandOf)
    .filter((command) => /rlmflow_repl\.py.*--time-ms 1211|rlmflow-attack-1211/.test(command));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
