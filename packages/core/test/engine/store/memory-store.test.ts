import { fixedEnvironment } from "@rlmflow/testing";
import { expect, test } from "vitest";
import type { RunInfo } from "../../../src/data/run-info.ts";
import { memoryStores } from "../../../src/engine/store/memory-store.ts";
import { sampleNode } from "../../data/sample-node.ts";

const RUN: RunInfo = { runId: "run", branch: { id: "main", parent: null, createdAt: 0 }, metadata: {} };

test("an abandoned store may read but no longer append once the branch was opened again", async () => {
  const stores = memoryStores(fixedEnvironment().digest);
  const abandoned = await stores.createRun(RUN);
  await abandoned.append("root", 0, [sampleNode("root", 0)]);
  const store = await stores.openRun("run", "main");
  await expect(abandoned.append("root", 1, [sampleNode("root", 1)])).rejects.toMatchObject({
    code: "lost_race",
    message: expect.stringContaining("only the store that opened it last may append"),
  });
  await store.append("root", 1, [sampleNode("root", 1)]);
  expect(await abandoned.read()).toEqual([sampleNode("root", 0), sampleNode("root", 1)]);
});

test("what is missing is named together with what is there", async () => {
  const stores = memoryStores(fixedEnvironment().digest);
  await expect(stores.openRun("run", "main")).rejects.toThrow("there is nothing yet");
  await stores.createRun(RUN);
  await expect(stores.openRun("run", "fork")).rejects.toThrow("there is run/main");
});

test("a list that was read does not grow with the store", async () => {
  const store = await memoryStores(fixedEnvironment().digest).createRun(RUN);
  const before = await store.read();
  await store.append("root", 0, [sampleNode("root", 0)]);
  expect(before).toEqual([]);
});
