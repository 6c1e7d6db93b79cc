import type { Inbox, InboxRequest, Store } from "@rlmflow/core/store";
import { type ContractCheck, ensure, ensureEqual, within } from "../contract/contract.ts";
import { ensureRejects } from "./ensure-rejects.ts";
import { placeCheck, type StoreDriver, type StorePlace } from "./store-driver.ts";
import { sampleRun } from "./store-samples.ts";

/** What an inbox promises, of stores that have one. */
export function inboxChecks(driver: StoreDriver): readonly ContractCheck[] {
  return [
    placeCheck(driver, "an inbox gives entries once, in the order in which they were put", givesInOrder),
    placeCheck(driver, "an inbox tells anybody what became of an entry", tellsFates),
    placeCheck(driver, "an inbox keeps entries and fates over a restart", keepsEntries),
    placeCheck(driver, "an inbox resolves changed when something was put, and when the signal aborts", wakes),
    placeCheck(driver, "an inbox refuses what is no request", refusesNonsense),
    placeCheck(driver, "an inbox rejects with closed when its store is closed", rejectsAll),
  ];
}

const say = (text: string): InboxRequest => ({ kind: "say", agentId: "root", text });

/** The store of a new run, when it has an inbox. */
async function withInbox(
  { stores }: StorePlace,
  examine: (inbox: Inbox, store: Store) => Promise<void>,
): Promise<void> {
  const store = await stores.createRun(sampleRun());
  if (store.inbox !== undefined) await examine(store.inbox, store);
}

async function givesInOrder(place: StorePlace): Promise<void> {
  await withInbox(place, async (inbox) => {
    ensureEqual(await inbox.take(), [], "what a new inbox gives");
    const requests = [say("\u{1F600}\nwith a line"), { kind: "pause" } as const, say("b"), say("a")];
    for (const request of requests) await inbox.put(request);
    const taken = await inbox.take();
    ensureEqual(
      taken.map(({ request }) => request),
      requests,
      "what was taken",
    );
    const numbers = taken.map(({ number }) => number);
    ensureEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
      "the numbers of the entries",
    );
    ensure(new Set(taken.map(({ id }) => id)).size === requests.length, "two entries have one id");
    ensureEqual(await inbox.take(), [], "what is taken a second time");
    const late = await inbox.put(say("late"));
    ensureEqual(await inbox.take(), [late], "what was put later");
  });
}

async function tellsFates(place: StorePlace): Promise<void> {
  await withInbox(place, async (inbox) => {
    const { id } = await inbox.put(say("a"));
    const other = await inbox.put(say("b"));
    ensureEqual(await inbox.fateOf(id), null, "the fate of an entry that is open");
    ensureEqual(await inbox.fateOf("nothing"), null, "the fate of an unknown entry");
    await inbox.settle(id, { state: "applied", nodes: ["root#1", "root#2"] });
    await inbox.settle(other.id, { state: "refused", reason: "not now" });
    ensureEqual(await inbox.fateOf(id), { state: "applied", nodes: ["root#1", "root#2"] }, "its fate");
    ensureEqual(await inbox.fateOf(other.id), { state: "refused", reason: "not now" }, "the other's fate");
    ensureEqual(await inbox.take(), [], "what is taken when all is settled");
  });
}

async function keepsEntries(place: StorePlace): Promise<void> {
  await withInbox(place, async (inbox, store) => {
    const first = await inbox.put(say("settled"));
    const second = await inbox.put({ kind: "abort" });
    await inbox.take();
    await inbox.settle(first.id, { state: "applied", nodes: [] });
    await store.close();
    const again = (await (await place.reopen()).openRun("run-1", "main")).inbox;
    ensure(again !== undefined, "a store that had an inbox has none after a restart");
    ensureEqual(await again.take(), [second], "what is open after a restart");
    ensureEqual(await again.fateOf(first.id), { state: "applied", nodes: [] }, "the fate after a restart");
  });
}

const CHANGE_MS = 5_000;

async function wakes(place: StorePlace): Promise<void> {
  await withInbox(place, async (inbox) => {
    const never = new AbortController();
    await inbox.take();
    const changed = inbox.changed(never.signal);
    await inbox.put(say("wake"));
    await within(CHANGE_MS, "changed after a put", changed);
    await inbox.take();
    const stopped = new AbortController();
    const waiting = inbox.changed(stopped.signal);
    stopped.abort();
    await within(CHANGE_MS, "changed after an abort", waiting);
    await within(CHANGE_MS, "changed with a signal that was aborted before", inbox.changed(stopped.signal));
  });
}

async function refusesNonsense(place: StorePlace): Promise<void> {
  await withInbox(place, async (inbox) => {
    const nonsense = { kind: "dance", agentId: "root" } as unknown as InboxRequest;
    await ensureRejects("invalid_options", "putting what is no request", inbox.put(nonsense));
    ensureEqual(await inbox.take(), [], "what is taken after a put that was refused");
  });
}

async function rejectsAll(place: StorePlace): Promise<void> {
  await withInbox(place, async (inbox, store) => {
    const { id } = await inbox.put(say("a"));
    await store.close();
    await ensureRejects("closed", "put after close", inbox.put(say("b")));
    await ensureRejects("closed", "take after close", inbox.take());
    await ensureRejects("closed", "fateOf after close", inbox.fateOf(id));
    await ensureRejects("closed", "settle after close", inbox.settle(id, { state: "applied", nodes: [] }));
  });
}
