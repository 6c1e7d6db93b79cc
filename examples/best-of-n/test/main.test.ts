import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "../src/main.ts");
const sources = join(import.meta.dirname, "../../../test/resolve-sources.ts");

it("takes the shortest of four tours and asks for the common part once", async () => {
  const temporary = await mkdtemp(join(tmpdir(), "best-of-n-test-"));
  try {
    const env = { ...process.env, TMPDIR: temporary, TEMP: temporary };
    const args = ["--import", sources, main];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 280_000 });
    const lengths = Array.from(stdout.matchAll(/^sample-\d +(\d+)/gm), ([, length]) => Number(length));
    expect(lengths).toHaveLength(4);
    expect(Number(stdout.match(/^sample-\d +(\d+) .*<- best$/m)?.[1])).toBe(Math.min(...lengths));
    expect(stdout).toContain("4 answers from 5 requests; asked from the beginning it would be 8.");
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});
