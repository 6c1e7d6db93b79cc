import { fixedEnvironment } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { Journal } from "../../../src/engine/store/journal.ts";
import { type ChainDraft, INLINE_BYTES } from "../../../src/engine/store/node-draft.ts";
import { type ActionNode, Graph, memoryStores, RLMError, type RunNode } from "../../../src/index.ts";
import type { Store } from "../../../src/store.ts";
import { broken } from "../../broken.ts";
import { RunBuilder, runInfo } from "../../data/run-builder.ts";

const environment = fixedEnvironment();

const SAID: ChainDraft = { type: "observation", content: "said" };

/** A journal that begins with a query and an action, over a store that may be changed. */
async function begun(change: (store: Store) => Store = (store) => store) {
  const heard: string[] = [];
  const store = await memoryStores(environment.digest).createRun(runInfo);
  const builder = new RunBuilder();
  builder.query("root", "Begin.");
  builder.action("root", "1");
  await store.append("root", 0, [...builder.graph.walk()]);
  const journal = new Journal(change(store), builder.graph, environment);
  journal.listen((node) => heard.push(node.id));
  const action = builder.graph.lastAction("root");
  if (action === undefined) throw new Error("the builder made an action");
  return { journal, store, heard, action };
}

const call = (journal: Journal, action: ActionNode, index: number, value: string) =>
  journal.appendCall(action, {
    index,
    name: "tool",
    args: [value],
    outcome: { ok: true, value },
    startedAt: environment.now(),
  });

describe("a journal", () => {
  test("gives nodes their places, puts them into the store, then the graph, then tells them", async () => {
    const { journal, store, heard, action } = await begun();
    const node = await call(journal, action, 0, "x");
    const [first, second] = await journal.appendChain("root", [SAID, { ...SAID, origin: "user" }]);
    expect([node.id, first?.id, second?.id]).toEqual(["root#1/0", "root#2", "root#3"]);
    expect([node.n, first?.n, second?.n]).toEqual([2, 3, 4]);
    expect([node.parentId, first?.parentId, second?.parentId]).toEqual(["root#1", "root#1", "root#2"]);
    expect([first?.origin, second?.origin]).toEqual(["engine", "user"]);
    expect(heard).toEqual(["root#1/0", "root#2", "root#3"]);
    expect(await store.read()).toEqual([...journal.graph.walk()]);
    expect(Graph.fromJSON(JSON.parse(JSON.stringify(journal.graph))).length).toBe(5);
  });

  const DELEGATION = {
    index: 0,
    name: "delegate",
    args: ["child", "Work."],
    outcome: { ok: true, value: "root.child" },
    startedAt: 0,
  } as const;

  test("hands delegations and the queries that they bring about to the store together, in their order", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const given: string[] = [];
    const { journal, heard, action } = await begun((store) => ({
      ...store,
      append: async (agentId, n, nodes) => {
        given.push(nodes.map(({ id }) => id).join(" "));
        await promise;
        await store.append(agentId, n, nodes);
      },
    }));
    const query = journal.graph.chainAt("root", 0);
    if (query?.type !== "query") throw new Error("the builder made a query");
    const other = { ...DELEGATION, index: 1, outcome: { ok: true, value: "root.other" } } as const;
    const kept = journal.appendDelegations(action, [DELEGATION, other], async ({ id, index }) => {
      const { id: _id, agentId: _agentId, n: _n, ...draft } = query;
      await journal.appendChain(["root.child", "root.other"][index] ?? "", [
        { ...draft, depth: 1, parentId: id },
      ]);
    });
    await new Promise((settled) => setImmediate(settled));
    expect(given).toEqual(["root#1/0 root#1/1", "root.child#0", "root.other#0"]);
    expect(heard).toEqual([]);
    resolve();
    await kept;
    expect(heard).toEqual(["root#1/0", "root#1/1", "root.child#0", "root.other#0"]);
    expect(journal.graph.children("root")).toEqual(["root.child", "root.other"]);
  });

  test("lets nothing be born of delegations one of which no store would take", async () => {
    const { journal, store, action } = await begun();
    let births = 0;
    const born = async () => {
      births += 1;
    };
    const unfit = { ...DELEGATION, index: 1, args: [Number.NaN] };
    await expect(journal.appendDelegations(action, [DELEGATION, unfit], born)).rejects.toMatchObject({
      code: "invalid_graph",
    });
    expect(births).toBe(0);
    expect(await store.read()).toHaveLength(2);
  });

  test("says that a birth failed when its delegation is kept, so that the next node finds its place", async () => {
    const { journal, action } = await begun((store) => ({
      ...store,
      append: async (agentId, n, nodes) => {
        await new Promise((settled) => setImmediate(settled));
        await store.append(agentId, n, nodes);
      },
    }));
    const born = () => Promise.reject(new RLMError("invalid_options", "The prompt threw."));
    await expect(journal.appendDelegations(action, [DELEGATION], born)).rejects.toThrow("The prompt threw.");
    const [next] = await journal.appendChain("root", [SAID]);
    expect(next?.n).toBe(3);
  });

  test("tells nobody of a node before the store has it", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { journal, heard } = await begun((store) => ({
      ...store,
      append: async (...rest) => {
        await promise;
        await store.append(...rest);
      },
    }));
    const appending = journal.appendChain("root", [SAID]);
    await new Promise((done) => setImmediate(done));
    expect([journal.graph.length, heard]).toEqual([2, []]);
    resolve();
    await appending;
    expect([journal.graph.length, heard]).toEqual([3, ["root#2"]]);
  });

  test("appends nothing after a write has failed, and says why", async () => {
    let failing = true;
    const { journal } = await begun((store) => ({
      ...store,
      append: async (...rest) => {
        if (failing) throw new TypeError("the cable");
        await store.append(...rest);
      },
    }));
    expect(journal.failure).toBeNull();
    await expect(journal.appendChain("root", [SAID])).rejects.toThrow(
      "The store could not keep a node: TypeError: the cable",
    );
    failing = false;
    await expect(journal.appendChain("root", [SAID])).rejects.toSatisfy((error) =>
      RLMError.is(error, "store_failed"),
    );
    expect(RLMError.is(journal.failure, "store_failed")).toBe(true);
    expect(journal.graph.length).toBe(2);
  });

  test("goes on after a node that the store could not read back", async () => {
    const { journal } = await begun();
    await expect(journal.appendChain("root", [{ ...SAID, content: 7 as never }])).rejects.toSatisfy((error) =>
      RLMError.is(error, "invalid_graph"),
    );
    await journal.appendChain("root", [SAID]);
    expect(journal.graph.length).toBe(3);
  });
});

describe("large values", () => {
  test.each([
    ["a short text", "x".repeat(1000), false],
    ["a text that just fits", "x".repeat(INLINE_BYTES - 2), false],
    ["a text that is one byte too long", "x".repeat(INLINE_BYTES - 1), true],
    ["letters of two bytes that fit", "ä".repeat(INLINE_BYTES / 2 - 1), false],
    ["letters of two bytes that do not", "ä".repeat(INLINE_BYTES / 2), true],
    ["halves of characters, which are escaped", "\ud800".repeat(INLINE_BYTES / 6 + 1), true],
  ])("lie apart over 64 KiB of JSON, and come back whole: %s", async (_what, value, isLarge) => {
    const { journal } = await begun();
    const { inline, blob } = await journal.pack(value);
    expect(inline).toBe(isLarge ? null : value);
    expect(blob?.bytes).toBe(isLarge ? new TextEncoder().encode(JSON.stringify(value)).length : undefined);
    expect(await journal.unpack(inline, blob)).toBe(value);
  });

  test("of a call are named in its node, arguments and outcome apart", async () => {
    const { journal, action } = await begun();
    const large = "x".repeat(100_000);
    const node = await call(journal, action, 0, large);
    expect(node).toMatchObject({ args: null, outcome: null, blobs: { args: {}, outcome: {} } });
    expect(await journal.unpack(node.args, node.blobs?.args)).toEqual([large]);
    expect(await journal.unpack(node.outcome, node.blobs?.outcome)).toEqual({ ok: true, value: large });
  });

  test("null is a value and no blob", async () => {
    const { journal } = await begun();
    expect(await journal.pack(null)).toEqual({ inline: null });
    expect(await journal.unpack(null, undefined)).toBeNull();
  });
});

describe("the invariants of a journal", () => {
  test("two appends of one agent at a time break one, and the second does not reach the store", async () => {
    const { journal, store } = await begun();
    const first = journal.appendChain("root", [SAID]);
    await expect(journal.appendChain("root", [SAID])).rejects.toEqual(
      broken("the appends of one agent do not overlap"),
    );
    await first;
    expect([...journal.graph.walk()]).toEqual(await store.read());
    await journal.appendChain("root", [SAID]);
  });

  test("an append that was planned before another one breaks one", async () => {
    const { journal, store } = await begun();
    const [said] = await journal.appendChain("root", [SAID]);
    if (said === undefined) throw new Error("it was appended");
    await expect(journal.append("root", [{ ...said, id: "root#9" }])).rejects.toEqual(
      broken("an append begins where the agent's log ends"),
    );
    expect(await store.read()).toHaveLength(3);
  });

  test("one that the store breaks ends the run, unlike a node that the store refuses", async () => {
    const refused = new RLMError("protocol_violation", "Not this node.");
    let thrown: unknown = refused;
    const append = () => Promise.reject(thrown);
    const { journal } = await begun((store) => ({ ...store, append }));
    await expect(journal.appendChain("root", [SAID])).rejects.toBe(refused);
    expect(journal.failure).toBeNull();
    thrown = new RLMError("protocol_violation", "Ours.", { details: { invariant: "it holds" } });
    await expect(journal.appendChain("root", [SAID])).rejects.toBe(thrown);
    expect(journal.failure).toBe(thrown);
  });
});

test("nodes of several agents enter the graph in the order in which the store took them", async () => {
  const { journal, store, action } = await begun();
  const delegation = await journal.appendCall(action, {
    index: 0,
    name: "delegate",
    args: [],
    outcome: { ok: true, value: "root.a" },
    startedAt: 0,
  });
  const first = journal.graph.chainAt("root", 0);
  if (first?.type !== "query") throw new Error("the run begins with a query");
  const { id: _, agentId: __, n: ___, ...query } = first;
  await journal.appendChain("root.a", [{ ...query, depth: 1, parentId: delegation.id }]);
  const work: Promise<readonly RunNode[]>[] = [];
  for (let round = 0; round < 20; round++) {
    const agentId = round % 2 === 0 ? "root" : "root.a";
    work.push(journal.appendChain(agentId, [{ ...SAID, content: `${round}` }]));
    if (round % 2 === 1) await Promise.all(work.splice(0));
  }
  expect([...journal.graph.walk()]).toEqual(await store.read());
});
