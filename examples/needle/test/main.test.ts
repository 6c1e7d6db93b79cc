import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "../src/main.ts");

it("finds the needle with at least twelve agents", async () => {
  const temporary = await mkdtemp(join(tmpdir(), "needle-test-"));
  try {
    const env = { ...process.env, TMPDIR: temporary, TEMP: temporary };
    const { stdout } = await promisify(execFile)(process.execPath, [main], { env, timeout: 280_000 });
    expect(stdout).toMatch(/Found \d{4}-\d{4} in logs\/\d{4}\.txt, line \d+\./);
    expect(Number(stdout.match(/^(\d+) agents, /m)?.[1])).toBeGreaterThanOrEqual(12);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});
