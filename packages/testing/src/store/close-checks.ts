import { type ContractCheck, ensure, ensureEqual } from "../contract/contract.ts";
import { ensureRejects } from "./ensure-rejects.ts";
import { placeCheck, type StoreDriver, type StorePlace } from "./store-driver.ts";
import { sampleNode, sampleNodes, sampleRun } from "./store-samples.ts";

/** What `close` promises. */
export function closeChecks(driver: StoreDriver): readonly ContractCheck[] {
  return [
    placeCheck(driver, "after close everything rejects with closed", rejectsAll),
    placeCheck(driver, "close waits for the appends that were called before it", waits),
    placeCheck(driver, "close may be called twice and frees the branch", frees),
  ];
}

async function rejectsAll({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  await store.append("root", 0, [sampleNode("root", 0)]);
  const { payloads } = store;
  const { digest } = await payloads.putBlob('"x"');
  await store.close();
  await ensureRejects("closed", "append after close", store.append("root", 1, [sampleNode("root", 1)]));
  await ensureRejects("closed", "read after close", store.read());
  await ensureRejects("closed", "putBlob after close", payloads.putBlob('"y"'));
  await ensureRejects("closed", "getBlob after close", payloads.getBlob(digest));
  await ensureRejects("closed", "putContext after close", payloads.putContext("y"));
  await ensureRejects("closed", "openContext after close", payloads.openContext(digest));
}

async function waits({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const appends = sampleNodes("root", 0, 50).map((node) => store.append("root", node.n, [node]));
  const settled = Promise.allSettled(appends);
  await store.close();
  const kept = (await settled).filter(({ status }) => status === "fulfilled").length;
  ensure(kept === 50, `${50 - kept} of 50 appends called before close were refused`);
  const again = await (await reopen()).openRun("run-1", "main");
  ensureEqual(await again.read(), sampleNodes("root", 0, 50), "what is read after a restart");
}

async function frees({ stores }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  await store.close();
  await store.close();
  const again = await stores.openRun("run-1", "main");
  await again.append("root", 0, [sampleNode("root", 0)]);
}
