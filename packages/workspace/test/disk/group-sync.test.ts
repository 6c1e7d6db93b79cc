import { expect, test } from "vitest";
import { GroupSync } from "../../src/disk/group-sync.ts";

test("who calls while it runs shares the next run, which begins after the call", async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const group = new GroupSync(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  const first = group.run();
  const others = [group.run(), group.run(), group.run()];
  expect(runs.length).toBe(1);
  runs[0]?.resolve();
  await first;
  await expect.poll(() => runs.length).toBe(2);
  const last = group.run();
  runs[1]?.resolve();
  await Promise.all(others);
  await expect.poll(() => runs.length).toBe(3);
  runs[2]?.resolve();
  await last;
});

test("a failure reaches those who shared the run and nobody later", async () => {
  let failing = true;
  const group = new GroupSync(async () => {
    await Promise.resolve();
    if (failing) throw new RangeError("no disk");
  });
  const first = group.run();
  const second = group.run();
  await expect(first).rejects.toThrow("no disk");
  await expect(second).rejects.toThrow("no disk");
  failing = false;
  await group.run();
});
