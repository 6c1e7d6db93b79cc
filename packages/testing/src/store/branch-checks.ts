import type { Store } from "@rlmflow/core/store";
import { type ContractCheck, ensure, ensureEqual } from "../contract/contract.ts";
import { ensureRejects } from "./ensure-rejects.ts";
import { placeCheck, type StoreDriver, type StorePlace } from "./store-driver.ts";
import { sampleFork, sampleNode, sampleNodes, sampleRun } from "./store-samples.ts";

/** What creating, opening and forking a run promise. */
export function branchChecks(driver: StoreDriver): readonly ContractCheck[] {
  return [
    placeCheck(driver, "a run begins with the nodes that it is made with, or is not made", beginsWithNodes),
    placeCheck(driver, "a run goes on after a restart where it was", goesOn),
    placeCheck(driver, "a run or branch that is not there is not found", refusesUnknown),
    placeCheck(driver, "a run or branch that is there is not made again", refusesTwice),
    placeCheck(driver, "runs do not mix", keepsRunsApart),
    placeCheck(driver, "a fork begins with the copy and then goes its own way", forks),
    placeCheck(driver, "a fork of nodes with a gap is refused and leaves nothing", refusesGap),
    placeCheck(driver, "two stores of one branch never both append", oneWriter),
  ];
}

async function beginsWithNodes({ stores, reopen }: StorePlace): Promise<void> {
  const gap = [sampleNode("root", 0), sampleNode("root", 2)];
  await ensureRejects("lost_race", "a run of n 0 and 2", stores.createRun(sampleRun(), gap));
  await ensureRejects("not_found", "opening a run that was refused", stores.openRun("run-1", "main"));
  const store = await stores.createRun(sampleRun(), sampleNodes("root", 0, 2));
  ensureEqual(await store.read(), sampleNodes("root", 0, 2), "the run at its beginning");
  await store.append("root", 2, [sampleNode("root", 2)]);
  await store.close();
  const again = await (await reopen()).openRun("run-1", "main");
  ensureEqual(await again.read(), sampleNodes("root", 0, 3), "the run after a restart");
}

async function goesOn({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  await store.append("root", 0, sampleNodes("root", 0, 3));
  await store.close();
  const again = await (await reopen()).openRun("run-1", "main");
  ensureEqual(again.run, sampleRun(), "the run");
  await ensureRejects(
    "lost_race",
    "an append at an n from before",
    again.append("root", 2, [sampleNode("root", 2)]),
  );
  await again.append("root", 3, [sampleNode("root", 3)]);
  ensureEqual(await again.read(), sampleNodes("root", 0, 4), "what is read");
}

async function refusesUnknown({ stores }: StorePlace): Promise<void> {
  await ensureRejects("not_found", "opening a run of an empty place", stores.openRun("run-1", "main"));
  const store = await stores.createRun(sampleRun());
  await store.close();
  await ensureRejects("not_found", "opening an unknown branch", stores.openRun("run-1", "other"));
  await ensureRejects("not_found", "opening an unknown run", stores.openRun("run-2", "main"));
}

async function refusesTwice({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  await store.append("root", 0, [sampleNode("root", 0)]);
  await ensureRejects("already_exists", "creating a run twice", stores.createRun(sampleRun()));
  await store.close();
  const later = await reopen();
  await ensureRejects("already_exists", "creating a run again after a restart", later.createRun(sampleRun()));
  await ensureRejects("already_exists", "forking onto the branch itself", later.forkRun(sampleRun(), []));
  ensureEqual(await (await later.openRun("run-1", "main")).read(), [sampleNode("root", 0)], "what is read");
}

async function keepsRunsApart({ stores }: StorePlace): Promise<void> {
  const [one, two] = [await stores.createRun(sampleRun("run-1")), await stores.createRun(sampleRun("run-2"))];
  await Promise.all([
    one.append("root", 0, [sampleNode("root", 0, "one")]),
    two.append("root", 0, [sampleNode("root", 0, "two")]),
  ]);
  ensureEqual(await one.read(), [sampleNode("root", 0, "one")], "the first run");
  ensureEqual(await two.read(), [sampleNode("root", 0, "two")], "the second run");
}

async function forks({ stores, reopen }: StorePlace): Promise<void> {
  const main = await stores.createRun(sampleRun());
  await main.append("root", 0, sampleNodes("root", 0, 3));
  const copied = [...sampleNodes("root", 0, 2), ...sampleNodes("root.a", 0, 1)];
  const fork = await stores.forkRun(sampleFork(sampleRun(), "fork-1", "root#1"), copied);
  ensureEqual(await fork.read(), copied, "the fork at its beginning");
  await fork.append("root", 2, [sampleNode("root", 2, "other")]);
  await main.append("root", 3, [sampleNode("root", 3)]);
  const forked = [...copied, sampleNode("root", 2, "other")];
  ensureEqual(await main.read(), sampleNodes("root", 0, 4), "the branch that was forked");
  await main.close();
  await fork.close();
  const again = await (await reopen()).openRun("run-1", "fork-1");
  ensureEqual(again.run, sampleFork(sampleRun(), "fork-1", "root#1"), "the fork's run");
  ensureEqual(await again.read(), forked, "the fork after a restart");
}

async function refusesGap({ stores }: StorePlace): Promise<void> {
  const main = await stores.createRun(sampleRun());
  await main.append("root", 0, sampleNodes("root", 0, 3));
  const run = sampleFork(sampleRun(), "fork-1", "root#2");
  const gap = [sampleNode("root", 0), sampleNode("root", 2)];
  await ensureRejects("lost_race", "a fork of n 0 and 2", stores.forkRun(run, gap));
  await ensureRejects("not_found", "opening a fork that was refused", stores.openRun("run-1", "fork-1"));
}

async function oneWriter({ stores }: StorePlace): Promise<void> {
  const first = await stores.createRun(sampleRun());
  const settled = await Promise.allSettled([
    appendOne(first),
    stores.openRun("run-1", "main").then(appendOne),
  ]);
  const second = await Promise.allSettled([appendOne(first)]);
  const both = settled[1]?.status === "fulfilled" && second[0]?.status === "fulfilled";
  ensure(!both, "two stores of one branch append by turns: open must be refused or end the first");
}

async function appendOne(store: Store): Promise<void> {
  const n = (await store.read()).length;
  await store.append("root", n, [sampleNode("root", n)]);
}
