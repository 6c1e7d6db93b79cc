import { totalmem } from "node:os";
import { describe, expect, test } from "vitest";
import { ProcessBudget, type ProcessBudgetOptions } from "../../src/pool/process-budget.ts";

/** The processes that a budget allows; what each uses is the same from the first look on. */
function allowed(options: Partial<ProcessBudgetOptions>): number {
  const budget = new ProcessBudget({ maxProcesses: null, usedBy: () => 0, ...options });
  return most(budget);
}

function most(budget: ProcessBudget): number {
  const processes = new Set<{ readonly pid: number }>();
  while (budget.allows(processes)) processes.add({ pid: processes.size + 1 });
  return processes.size;
}

describe("the budget of processes", () => {
  test("is the number that was asked for, whatever the memory", () => {
    expect(allowed({ maxProcesses: 3, available: () => 0 })).toBe(3);
  });

  test("is half of the available memory, 64 MB a process", () => {
    expect(allowed({ available: () => 1280 })).toBe(10);
  });

  test("allows one process where there is no memory left", () => {
    expect(allowed({ available: () => 0 })).toBe(1);
  });

  test("is a quarter of the machine's memory where the kernel does not tell what is available", () => {
    expect(allowed({ available: () => null })).toBe(Math.max(1, Math.floor(totalmem() / 2 ** 20 / 4 / 64)));
  });

  test("counts what processes use when it is more, and what they have as theirs", () => {
    const options = { maxProcesses: null, available: () => 1000, usedBy: () => 250 };
    const four = new Set([1, 2, 3, 4].map((pid) => ({ pid })));
    const three = new Set([...four].slice(1));
    // Half of 1000 + 4 * 250 is room for four of 250, half of 1000 + 3 * 250 for three.
    expect(new ProcessBudget(options).allows(four)).toBe(false);
    expect(new ProcessBudget(options).allows(three)).toBe(false);
    expect(new ProcessBudget({ ...options, available: () => 2000 }).allows(four)).toBe(true);
  });

  test("is extended by at most as many as there are, and restored", () => {
    const budget = new ProcessBudget({ maxProcesses: 2 });
    budget.extend(2);
    expect(most(budget)).toBe(3);
    budget.extend(3);
    budget.extend(4);
    budget.extend(4);
    expect(most(budget)).toBe(4);
    budget.restore();
    expect(most(budget)).toBe(2);
  });
});
