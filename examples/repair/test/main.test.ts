import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "../src/main.ts");
const sources = join(import.meta.dirname, "../../../test/resolve-sources.ts");

it("mends the answer and asks only for what comes after the mended code", async () => {
  const temporary = await mkdtemp(join(tmpdir(), "repair-test-"));
  try {
    const env = { ...process.env, TMPDIR: temporary, TEMP: temporary };
    const args = ["--import", sources, main];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 280_000 });
    expect(stdout).toContain('wrong: {"total":83.234,"note":"plausible"} after 5 requests');
    expect(stdout).toMatch(/forked at root#3: \d+ nodes kept, \d+ dropped, 0 tokens/);
    expect(stdout).toContain('right: {"total":3314.75,"note":"plausible"} after 3 more: root, reply 3; ');
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});
