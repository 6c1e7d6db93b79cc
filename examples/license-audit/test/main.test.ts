import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const main = join(import.meta.dirname, "../src/main.ts");

let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "license-audit-test-"));
});

afterEach(() => rm(temporary, { recursive: true, force: true }));

async function start(...options: readonly string[]) {
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary };
  const child = spawn(process.execPath, [main, ...options], { env, timeout: 80_000, stdio: "pipe" });
  const exited = Promise.withResolvers<number | null>();
  child.once("exit", exited.resolve);
  const [code, stdout, stderr] = await Promise.all([exited.promise, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

describe("the licence audit", { timeout: 90_000 }, () => {
  it("agrees with the plain count, with agents on three levels", async () => {
    const { code, stdout, stderr } = await start();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("No model is asked");
    expect(stdout).toContain("A plain count of the same files gives the same report.");
    expect(Number(stdout.match(/(\d+) agents/)?.[1])).toBeGreaterThanOrEqual(12);
    expect(stdout).toMatch(/root\.batch-\d+\.read-\S+ answered/);
  });

  it("fails and shows the difference when the answer was tampered with", async () => {
    const { code, stderr } = await start("--tamper");
    expect(code).toBe(1);
    expect(stderr).toMatch(/- packages: \d+\n\+ packages: \d+/);
  });

  it("gives the same report where code runs in this process", async () => {
    const { code, stdout } = await start("--runtime", "local");
    expect(code).toBe(0);
    expect(stdout).toContain("A plain count of the same files gives the same report.");
  });

  it.each([
    [["--runtime", "remote"], '--runtime is "isolated" or "local", not "remote".'],
    [["--base-url", "http://localhost"], "--base-url needs a --model."],
    [["--fast"], "--fast"],
  ])("refuses %j", async (options, message) => {
    const { code, stderr } = await start(...options);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Usage:");
  });
});
