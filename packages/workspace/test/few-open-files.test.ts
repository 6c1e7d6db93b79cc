import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { startScript } from "./child-process.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const RUNS = 12;

/** How a run of `many-runs.ts` ended. */
interface Ended {
  readonly runId: string;
  readonly answer?: number;
  readonly code?: string;
  readonly message?: string;
  readonly told: readonly string[];
}

/** Begins or resumes the runs in a process that may have so many files open. */
async function runAll(directory: string, files: number | null): Promise<readonly Ended[]> {
  const script = startScript("many-runs.ts", [directory, `${RUNS}`], { files });
  const ended: Ended[] = [];
  for await (const line of script.lines) ended.push(JSON.parse(line));
  expect(await script.ended).toBe(0);
  return ended.toSorted((a, b) => a.runId.localeCompare(b.runId));
}

test.skipIf(process.platform === "win32").each([28, 36, 44, 52])(
  "runs in a process that may have %i files open end with an answer or a clear error, lose nothing and go on",
  { timeout: 120_000 },
  async (files) => {
    const directory = await temporaryDirectory();
    const ended = await runAll(directory, files);
    expect(ended.length).toBe(RUNS);
    const failed = ended.filter(({ answer }) => answer === undefined);
    for (const { code, message } of failed) {
      expect(["store_failed", "runtime_failed"]).toContain(code);
      expect(message).toMatch(/too many files open.*\(ulimit -n\)/);
    }
    expect(failed).not.toEqual([]);
    const workspace = await openedWorkspace(directory);
    for (const { runId, told } of ended) {
      const isThere = (await workspace.branches()).some((branch) => branch.runId === runId);
      const kept = isThere ? await (await workspace.reader(runId)).next() : [];
      expect(kept.map(({ id }) => id)).toEqual(expect.arrayContaining([...told]));
    }
    await workspace.close();
    const again = (await runAll(directory, null)).filter(({ answer }) => answer !== 4);
    expect(again).toEqual([]);
    await rm(directory, { recursive: true });
  },
);
