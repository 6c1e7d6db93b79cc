import { RLMError } from "@rlmflow/core";
import { expect, test } from "vitest";
import { type IsolatedRuntimeOptions, resolveOptions } from "../src/options.ts";

function refusal(options: object): string {
  try {
    resolveOptions(options as IsolatedRuntimeOptions);
  } catch (error) {
    if (RLMError.is(error, "invalid_options")) return error.message;
  }
  return "taken";
}

test("every limit has its documented default", () => {
  const { limits, agentsPerProcess, spareProcesses, ...others } = resolveOptions({});
  expect(limits).toEqual({ timeMs: 10_000, wallMs: 30_000, memoryMB: 128, rssMB: 512 });
  expect([agentsPerProcess, spareProcesses]).toEqual([8, 1]);
  expect(others).toEqual({ maxProcesses: null, shareProcesses: false, reuseProcesses: true });
});

test("one error names everything that is wrong", () => {
  const message = refusal({
    agentsPerProcess: 0,
    maxProcesses: "many",
    turbo: true,
    limits: { timeMs: 1.5, heap: 1 },
  });
  expect(message).toContain("agentsPerProcess must be a whole number of agents from 1 to 256, not 0");
  expect(message).toContain('maxProcesses must be a whole number of processes from 1 to 1024, not "many"');
  expect(message).toContain("there is no turbo");
  expect(message).toContain("there is no limits.heap");
  expect(message).toContain("limits.timeMs must be a whole number of milliseconds");
});

test("limits that contradict each other are refused", () => {
  expect(refusal({ limits: { timeMs: 5000, wallMs: 1000 } })).toContain(
    "limits.wallMs (1000) must not be below",
  );
  expect(refusal({ limits: { memoryMB: 1024 } })).toContain("limits.rssMB (512) must not be below");
});

test.each([NaN, Infinity, -1, null, {}, "8"])("%s is not a number of agents", (value) => {
  expect(refusal({ agentsPerProcess: value })).toContain("agentsPerProcess must be");
});
