import { fixedEnvironment } from "@rlmflow/testing";
import { expect, test } from "vitest";
import type { ReplPool } from "../../../../src/engine/repl/repl-pool.ts";
import { Budget } from "../../../../src/engine/resources/budget.ts";
import { Cancels } from "../../../../src/engine/run/edit/cancels.ts";
import { Scheduler } from "../../../../src/engine/run/schedule/scheduler.ts";
import { Journal } from "../../../../src/engine/store/journal.ts";
import { memoryStores } from "../../../../src/index.ts";
import { broken } from "../../../broken.ts";
import { RunBuilder, runInfo } from "../../../data/run-builder.ts";

test("an end that is appended while something of the agent is in flight breaks an invariant", async () => {
  const environment = fixedEnvironment();
  const builder = new RunBuilder();
  builder.query("root", "Begin.");
  const store = await memoryStores(environment.digest).createRun(runInfo, [...builder.graph.walk()]);
  const journal = new Journal(store, builder.graph, environment);
  const scheduler = new Scheduler({ begin: () => null, hasEnded: () => false, retired: () => {} });
  const agent = scheduler.add("root", new Budget({ tokens: null, microUsd: null }));
  const repls = { drop: async () => {} } as unknown as ReplPool;
  const cancels = new Cancels({ environment, journal, scheduler, repls });
  // The fault: something begins after all that was in flight has landed, which is when the agent is stopped and awaited.
  let looks = 0;
  Object.defineProperty(agent, "landed", { get: () => (++looks <= 2 ? null : Promise.resolve()) });
  await expect(cancels.end(agent, () => expect.fail("the end was appended"))).rejects.toEqual(
    broken("nothing of an agent is in flight when its end is appended"),
  );
  expect(journal.graph.length).toBe(1);
});
