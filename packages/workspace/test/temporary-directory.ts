import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A new directory, its name hard on whoever quotes paths badly; removed when the test has ended. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "rlmflow \u{1F600} 'q' "));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
