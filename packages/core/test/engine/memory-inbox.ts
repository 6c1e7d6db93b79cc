import { decodeEdit } from "../../src/data/decode/decode.ts";
import { RLMError } from "../../src/errors.ts";
import type { Inbox, InboxEntry, InboxFate } from "../../src/protocols/inbox.ts";
import type { RunStores, Store } from "../../src/protocols/store.ts";

interface Kept {
  readonly entries: InboxEntry[];
  readonly fates: Map<string, InboxFate>;
}

/** An inbox that keeps to its contract, in memory. */
function memoryInbox({ entries, fates }: Kept, isClosed: () => boolean): Inbox {
  let taken = 0;
  let wake = Promise.withResolvers<void>();
  const open = async () => {
    if (isClosed()) throw new RLMError("closed", "The store is closed.");
  };
  return {
    async put(request) {
      await open();
      if ("agentId" in request) decodeEdit(structuredClone(request), "the request");
      const entry = { id: `entry-${entries.length}`, number: entries.length + 1, at: 0, request };
      entries.push(entry);
      wake.resolve();
      return entry;
    },
    async fateOf(id) {
      await open();
      return fates.get(id) ?? null;
    },
    async take() {
      await open();
      const fresh = entries.slice(taken).filter(({ id }) => !fates.has(id));
      taken = entries.length;
      wake = Promise.withResolvers();
      return fresh;
    },
    async settle(id, fate) {
      await open();
      fates.set(id, fate);
    },
    async changed(signal) {
      if (taken < entries.length || signal.aborted) return;
      signal.addEventListener("abort", () => wake.resolve(), { once: true });
      await wake.promise;
    },
  };
}

/** The same stores, each with an inbox that may be changed. */
export function withInboxes(
  stores: RunStores,
  change: (inbox: Inbox) => Partial<Inbox> = () => ({}),
): RunStores {
  const kept = new Map<string, Kept>();
  const add = async (opening: Promise<Store>): Promise<Store> => {
    const store = await opening;
    const key = `${store.run.runId}/${store.run.branch.id}`;
    const own = kept.get(key) ?? { entries: [], fates: new Map() };
    kept.set(key, own);
    let closed = false;
    const inbox = memoryInbox(own, () => closed);
    return {
      protocol: 1,
      run: store.run,
      payloads: store.payloads,
      append: (agentId, expectedN, nodes) => store.append(agentId, expectedN, nodes),
      read: () => store.read(),
      async close() {
        closed = true;
        await store.close();
      },
      inbox: { ...inbox, ...change(inbox) },
    };
  };
  return {
    payloads: stores.payloads,
    createRun: (run, nodes) => add(stores.createRun(run, nodes)),
    openRun: (runId, branchId) => add(stores.openRun(runId, branchId)),
    forkRun: (run, nodes) => add(stores.forkRun(run, nodes)),
  };
}
