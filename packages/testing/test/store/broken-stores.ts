import { setTimeout as sleep } from "node:timers/promises";
import type { RunNode } from "@rlmflow/core";
import type { InboxEntry, PayloadStore, RunInfo, RunStores, Store } from "@rlmflow/core/store";
import { withInboxes } from "../../../core/test/engine/memory-inbox.ts";

/** A store that behaves like the given one but for what is replaced. */
function changed(store: Store, change: Partial<Store>): Store {
  return {
    protocol: 1,
    run: store.run,
    payloads: store.payloads,
    append: (agentId, expectedN, nodes) => store.append(agentId, expectedN, nodes),
    read: () => store.read(),
    close: () => store.close(),
    ...change,
  };
}

/** Every store of these, changed. */
function everyStore(stores: RunStores, change: (store: Store) => Partial<Store>): RunStores {
  const wrap = async (store: Promise<Store>) => changed(await store, change(await store));
  return {
    payloads: stores.payloads,
    createRun: (run, nodes) => wrap(stores.createRun(run, nodes)),
    openRun: (runId, branchId) => wrap(stores.openRun(runId, branchId)),
    forkRun: (run, nodes) => wrap(stores.forkRun(run, nodes)),
  };
}

function everyPayloads(
  stores: RunStores,
  change: (payloads: PayloadStore) => Partial<PayloadStore>,
): RunStores {
  return everyStore(stores, ({ payloads }) => ({
    payloads: {
      putBlob: (text) => payloads.putBlob(text),
      getBlob: (digest) => payloads.getBlob(digest),
      putContext: (text) => payloads.putContext(text),
      openContext: (digest) => payloads.openContext(digest),
      ...change(payloads),
    },
  }));
}

async function nextN(store: Store, agentId: string): Promise<number> {
  return (await store.read()).filter((node) => node.agentId === agentId).length;
}

function openAnyway(stores: RunStores): RunStores {
  return {
    ...everyStore(stores, () => ({})),
    openRun: (runId, branchId) =>
      stores.openRun(runId, branchId).catch(() => {
        return stores.createRun({
          runId,
          branch: { id: branchId, parent: null, createdAt: 0 },
          metadata: {},
        });
      }),
  };
}

function openExisting(stores: RunStores): RunStores {
  const instead = (run: RunInfo) => () => stores.openRun(run.runId, run.branch.id);
  return {
    ...everyStore(stores, () => ({})),
    createRun: (run, nodes) => stores.createRun(run, nodes).catch(instead(run)),
    forkRun: (run, nodes) => stores.forkRun(run, nodes).catch(instead(run)),
  };
}

function forkShares(stores: RunStores): RunStores {
  const open = new Map<string, Store>();
  return {
    payloads: stores.payloads,
    async createRun(run, nodes) {
      const store = await stores.createRun(run, nodes);
      open.set(run.runId, store);
      return store;
    },
    openRun: (runId, branchId) => stores.openRun(runId, branchId),
    forkRun: async (run, nodes) => open.get(run.runId) ?? stores.forkRun(run, nodes),
  };
}

function twoWriters(stores: RunStores): RunStores {
  const shared = new Map<string, Store>();
  const keep = async (store: Promise<Store>) => {
    shared.set((await store).run.runId, await store);
    return store;
  };
  return {
    payloads: stores.payloads,
    createRun: (run, nodes) => keep(stores.createRun(run, nodes)),
    openRun: async (runId, branchId) => shared.get(runId) ?? keep(stores.openRun(runId, branchId)),
    forkRun: (run, nodes) => stores.forkRun(run, nodes),
  };
}

function tornBatches(store: Store): Partial<Store> {
  return {
    async append(agentId, expectedN, nodes) {
      for (const [index, node] of nodes.entries()) await store.append(agentId, expectedN + index, [node]);
    },
  };
}

function lateAppends(store: Store): Partial<Store> {
  return {
    async append(agentId, expectedN, nodes) {
      const copy: readonly RunNode[] = [...nodes];
      void sleep(5)
        .then(() => store.append(agentId, expectedN, copy))
        .catch(() => undefined);
    },
  };
}

function unorderedAppends(store: Store): Partial<Store> {
  const queues = new Map<string, Promise<void>>();
  return {
    append(agentId, expectedN, nodes) {
      const before = queues.get(agentId) ?? (agentId === "root.1" ? sleep(5) : Promise.resolve());
      const copy = [...nodes];
      const appended = before.then(() => store.append(agentId, expectedN, copy));
      queues.set(
        agentId,
        appended.catch(() => undefined),
      );
      return appended;
    },
  };
}

function shuffledReading(store: Store): Partial<Store> {
  let turn = 0;
  return {
    async read() {
      const nodes = await store.read();
      return turn++ % 2 === 0 ? nodes : nodes.toSorted((a, b) => (a.agentId < b.agentId ? -1 : 1));
    },
  };
}

function splitPieces(payloads: PayloadStore): Partial<PayloadStore> {
  return {
    async putContext(text) {
      if (typeof text === "string") return payloads.putContext(text);
      let whole = "";
      for await (const piece of text) whole += piece.toWellFormed();
      return payloads.putContext(whole);
    },
  };
}

function wholeCharacters(payloads: PayloadStore): Partial<PayloadStore> {
  return {
    async openContext(digest) {
      const context = await payloads.openContext(digest);
      return { ...context, read: (start, end) => context.read(start, end).toWellFormed() };
    },
  };
}

function withoutMark(payloads: PayloadStore): Partial<PayloadStore> {
  return {
    async openContext(digest) {
      const context = await payloads.openContext(digest);
      return { ...context, read: (start, end) => context.read(start, end).replace(/^\ufeff/, "") };
    },
  };
}

/** A flaw, and the check that must find it. */
export interface BrokenStore {
  readonly flaw: string;
  readonly foundBy: string;
  readonly make: (good: RunStores) => RunStores;
}

/** Stores with one flaw each, made from a good one. */
export const BROKEN_STORES: readonly BrokenStore[] = [
  {
    flaw: "keeps only the first node of an append",
    foundBy: "what was appended is read back, equal and frozen",
    make: (good) =>
      everyStore(good, (store) => ({
        append: (agentId, n, nodes) => store.append(agentId, n, nodes.slice(0, 1)),
      })),
  },
  {
    flaw: "says a lost race was won",
    foundBy: "of appends for the same n exactly one is kept",
    make: (good) =>
      everyStore(good, (store) => ({
        append: (agentId, n, nodes) => store.append(agentId, n, nodes).catch(() => undefined),
      })),
  },
  {
    flaw: "takes the nodes wherever the agent stands",
    foundBy: "another n than the agent's next is a lost race and leaves nothing",
    make: (good) =>
      everyStore(good, (store) => ({
        append: async (agentId, _, nodes) => {
          const n = await nextN(store, agentId);
          await store.append(
            agentId,
            n,
            nodes.map((node, index) => ({ ...node, n: n + index })),
          );
        },
      })),
  },
  {
    flaw: "keeps the good part of a bad append",
    foundBy: "an append is kept whole or not at all",
    make: (good) => everyStore(good, tornBatches),
  },
  {
    flaw: "resolves before anything is kept",
    foundBy: "an append is there as soon as it has resolved",
    make: (good) => everyStore(good, lateAppends),
  },
  {
    flaw: "keeps appends in another order than they were called",
    foundBy: "appends are kept and resolve in the order of the calls",
    make: (good) => everyStore(good, unorderedAppends),
  },
  {
    flaw: "reads in another order each time",
    foundBy: "each reading gives the same order, new nodes last",
    make: (good) => everyStore(good, shuffledReading),
  },
  {
    flaw: "reads nodes that can be changed",
    foundBy: "what was appended is read back, equal and frozen",
    make: (good) => everyStore(good, (store) => ({ read: async () => structuredClone(await store.read()) })),
  },
  {
    flaw: "opens a run that is not there",
    foundBy: "a run or branch that is not there is not found",
    make: openAnyway,
  },
  {
    flaw: "creates a run over another",
    foundBy: "a run or branch that is there is not made again",
    make: openExisting,
  },
  {
    flaw: "makes a run without its first nodes",
    foundBy: "a run begins with the nodes that it is made with, or is not made",
    make: (good) => ({ ...everyStore(good, () => ({})), createRun: (run) => good.createRun(run) }),
  },
  {
    flaw: "forks onto the same log",
    foundBy: "a fork begins with the copy and then goes its own way",
    make: forkShares,
  },
  {
    flaw: "forks without the copy",
    foundBy: "a fork begins with the copy and then goes its own way",
    make: (good) => ({
      ...everyStore(good, () => ({})),
      forkRun: (run) => good.forkRun(run, []),
    }),
  },
  {
    flaw: "lets two stores append by turns",
    foundBy: "two stores of one branch never both append",
    make: twoWriters,
  },
  {
    flaw: "goes on after close",
    foundBy: "after close everything rejects with closed",
    make: (good) => everyStore(good, () => ({ close: async () => undefined })),
  },
  {
    flaw: "names blobs by their length",
    foundBy: "a blob is known by the SHA-256 of its UTF-8 and its size",
    make: (good) =>
      everyPayloads(good, (payloads) => ({
        putBlob: async (text) => ({ ...(await payloads.putBlob(text)), bytes: text.length }),
      })),
  },
  {
    flaw: "gives an empty text for an unknown blob",
    foundBy: "a blob that is not there is not found",
    make: (good) =>
      everyPayloads(good, (payloads) => ({ getBlob: (digest) => payloads.getBlob(digest).catch(() => "") })),
  },
  {
    flaw: "repairs each piece of a context by itself",
    foundBy: "a context in pieces is the same as the whole, wherever it is cut",
    make: (good) => everyPayloads(good, splitPieces),
  },
  {
    flaw: "reads no half of a pair",
    foundBy: "any range of a context is read, halves of pairs too",
    make: (good) => everyPayloads(good, wholeCharacters),
  },
  {
    flaw: "drops a byte order mark that is part of the text",
    foundBy: "a context in pieces is the same as the whole, wherever it is cut",
    make: (good) => everyPayloads(good, withoutMark),
  },
  {
    flaw: "gives entries of its inbox again and again",
    foundBy: "an inbox gives entries once, in the order in which they were put",
    make: (good) =>
      withInboxes(good, (inbox) => {
        const given: InboxEntry[] = [];
        return {
          async take() {
            given.push(...(await inbox.take()));
            return [...given];
          },
        };
      }),
  },
  {
    flaw: "gives the newest entry first",
    foundBy: "an inbox gives entries once, in the order in which they were put",
    make: (good) => withInboxes(good, (inbox) => ({ take: async () => (await inbox.take()).toReversed() })),
  },
  {
    flaw: "tells nobody why an entry was refused",
    foundBy: "an inbox tells anybody what became of an entry",
    make: (good) =>
      withInboxes(good, (inbox) => ({
        settle: (id, fate) => inbox.settle(id, fate.state === "refused" ? { ...fate, reason: "" } : fate),
      })),
  },
  {
    flaw: "forgets what was settled",
    foundBy: "an inbox keeps entries and fates over a restart",
    make: (good) => withInboxes(good, () => ({ settle: async () => undefined })),
  },
  {
    flaw: "never wakes who waits for its inbox",
    foundBy: "an inbox resolves changed when something was put, and when the signal aborts",
    make: (good) => withInboxes(good, () => ({ changed: () => new Promise(() => undefined) })),
  },
  {
    flaw: "takes anything into its inbox",
    foundBy: "an inbox refuses what is no request",
    make: (good) =>
      withInboxes(good, (inbox) => ({
        put: (request) => inbox.put("text" in request ? request : { kind: "pause" }),
      })),
  },
  {
    flaw: "takes entries after close",
    foundBy: "an inbox rejects with closed when its store is closed",
    make: (good) => withInboxes(good, () => ({ take: async () => [] })),
  },
];
