import type { RunNode } from "@rlmflow/core";
import { type ContractCheck, ensure, ensureEqual } from "../contract/contract.ts";
import { ensureRejects } from "./ensure-rejects.ts";
import { placeCheck, type StoreDriver, type StorePlace } from "./store-driver.ts";
import { sampleNode, sampleNodes, sampleResult, sampleRun } from "./store-samples.ts";

/** What `append` and `read` promise. */
export function appendChecks(driver: StoreDriver): readonly ContractCheck[] {
  return [
    placeCheck(driver, "a new run is empty and knows its name", emptyRun),
    placeCheck(driver, "what was appended is read back, equal and frozen", readsBack),
    placeCheck(driver, "every JSON value is read back as it was", readsAnyJson),
    placeCheck(driver, "an append is there as soon as it has resolved", isThereAtOnce),
    placeCheck(driver, "another n than the agent's next is a lost race and leaves nothing", refusesOtherN),
    placeCheck(driver, "of appends for the same n exactly one is kept", oneWinner),
    placeCheck(driver, "an append is kept whole or not at all", isAtomic),
    placeCheck(driver, "a node that could not be read back is refused and leaves nothing", refusesNoJson),
    placeCheck(driver, "appends are kept and resolve in the order of the calls", keepsCallOrder),
    placeCheck(driver, "a thousand agents may append at once", takesManyAgents),
    placeCheck(driver, "each reading gives the same order, new nodes last", readsInOneOrder),
    placeCheck(driver, "a list changed after the call is kept as it was", ignoresLaterChanges),
  ];
}

async function emptyRun({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  ensureEqual(store.run, sampleRun(), "the run");
  ensureEqual(await store.read(), [], "a new run");
}

async function readsBack({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const nodes = sampleNodes("root", 0, 5);
  await store.append("root", 0, nodes.slice(0, 2));
  await store.append("root", 2, nodes.slice(2));
  const read = await store.read();
  ensureEqual(read, nodes, "what is read");
  ensure(read.every(Object.isFrozen), "a node that was read is not frozen");
}

async function readsAnyJson({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const values = [
    "line\nfeed \u2028 \0 \u{1F600} lone \ud800 half \udc00",
    JSON.parse('{"__proto__":{"a":1},"":[],"constructor":null}'),
    [1e21, -1.5, 5e-324, Number.MAX_SAFE_INTEGER, 0.1],
    "x".repeat(1_000_000),
    JSON.parse("[".repeat(500) + "]".repeat(500)),
  ];
  const nodes = values.map((value, n) => sampleResult("root", n, value));
  await store.append("root", 0, nodes);
  ensureEqual(await store.read(), nodes, "what is read");
  await store.close();
  const again = await (await reopen()).openRun("run-1", "main");
  ensureEqual(await again.read(), nodes, "what is read after a restart");
}

async function isThereAtOnce({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  for (let n = 0; n < 20; n++) {
    await store.append("root", n, [sampleNode("root", n)]);
    ensureEqual((await store.read()).length, n + 1, "the number of nodes after an append");
  }
}

async function refusesOtherN({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  await store.append("root", 0, sampleNodes("root", 0, 3));
  for (const n of [0, 2, 4]) {
    await ensureRejects(
      "lost_race",
      `an append at n ${n} of 3`,
      store.append("root", n, [sampleNode("root", n)]),
    );
  }
  await ensureRejects(
    "lost_race",
    "a first append at n 1",
    store.append("root.a", 1, [sampleNode("root.a", 1)]),
  );
  await store.append("root", 3, [sampleNode("root", 3)]);
  ensureEqual(await store.read(), sampleNodes("root", 0, 4), "what is read");
}

async function oneWinner({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const contents = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
  const settled = await Promise.allSettled(
    contents.map((content) => store.append("root", 0, [sampleNode("root", 0, content)])),
  );
  const winners = contents.filter((_, index) => settled[index]?.status === "fulfilled");
  ensureEqual(winners.length, 1, "the number of winners");
  ensureEqual(await store.read(), [sampleNode("root", 0, winners[0])], "what is read");
}

async function isAtomic({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const good = sampleNodes("root", 0, 2);
  const strangers: readonly RunNode[] = [
    sampleNode("root.other", 2),
    sampleNode("root", 3),
    sampleNode("root", 1),
  ];
  for (const stranger of strangers) {
    const what = `an append for root that holds n ${stranger.n} of ${stranger.agentId} in third place`;
    await ensureRejects("protocol_violation", what, store.append("root", 0, [...good, stranger]));
  }
  ensureEqual(await store.read(), [], "what is read after refused appends");
  await store.append("root", 0, good);
}

async function refusesNoJson({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const bad = sampleResult("root", 1, Number.NaN);
  const what = "an append of a result that is no JSON";
  await ensureRejects("invalid_graph", what, store.append("root", 0, [sampleNode("root", 0), bad]));
  ensureEqual(await store.read(), [], "what is read after a refused append");
  await store.append("root", 0, [sampleNode("root", 0)]);
}

async function keepsCallOrder({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const calls = Array.from({ length: 60 }, (_, i) =>
    sampleNode(`root.${i % 3}`, Math.floor(i / 3), "x".repeat((i % 7) * 500)),
  );
  const resolved: RunNode[] = [];
  await Promise.all(
    calls.map((node) => store.append(node.agentId, node.n, [node]).then(() => resolved.push(node))),
  );
  ensureEqual(await store.read(), calls, "the order of what is kept");
  ensureEqual(resolved, calls, "the order in which appends resolve");
}

async function takesManyAgents({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const agents = Array.from({ length: 1000 }, (_, index) => `root.a${index}`);
  const act = async (agent: string): Promise<void> => {
    for (let n = 0; n < 6; n += 2) await store.append(agent, n, sampleNodes(agent, n, 2));
  };
  await Promise.all(agents.map(act));
  await store.close();
  const nodes = await (await (await reopen()).openRun("run-1", "main")).read();
  ensureEqual(nodes.length, 6000, "the number of nodes");
  const byAgent = Map.groupBy(nodes, (node) => node.agentId);
  for (const agent of agents)
    ensureEqual(byAgent.get(agent), sampleNodes(agent, 0, 6), `the log of ${agent}`);
}

async function readsInOneOrder({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  await Promise.all(
    ["root.b", "root.a", "root.c"].map((agent) => store.append(agent, 0, sampleNodes(agent, 0, 2))),
  );
  const first = await store.read();
  ensureEqual(await store.read(), first, "a second reading");
  await store.append("root.a", 2, [sampleNode("root.a", 2)]);
  const longer = [...first, sampleNode("root.a", 2)];
  ensureEqual(await store.read(), longer, "a reading after one more append");
  await store.close();
  const again = await (await reopen()).openRun("run-1", "main");
  ensureEqual(await again.read(), longer, "a reading after a restart");
}

async function ignoresLaterChanges({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const nodes: RunNode[] = [sampleNode("root", 0)];
  const appended = store.append("root", 0, nodes);
  nodes.push(sampleNode("root", 1));
  await appended;
  ensureEqual(await store.read(), [sampleNode("root", 0)], "what is read");
}
