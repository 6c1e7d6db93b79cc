import { describe, expect, test } from "vitest";
import type { Activation, ReplSession } from "../../../src/driver.ts";
import { LiveBlock } from "../../../src/engine/repl/live-block.ts";
import { broken } from "../../broken.ts";
import { RunBuilder } from "../../data/run-builder.ts";

const OUTCOME = { ok: true, value: null } as const;

/** A block that has issued this many calls; each answer brings this activation. */
function blockOf(calls: number, deliver: ReplSession["deliver"]) {
  const builder = new RunBuilder();
  builder.query("root", "Begin.");
  const session = { start: deliver as never, deliver, dispose: async () => {} };
  builder.action("root", "1");
  const action = builder.graph.lastAction("root");
  if (action === undefined) throw new Error("the builder made an action");
  const block = new LiveBlock(action, session, 0);
  const issued = Array.from({ length: calls }, (_, index) => ({ index, name: "tool", args: [] }));
  block.absorb({ ...QUIET, calls: issued });
  return block;
}

const QUIET: Activation = { calls: [], output: "", codeMs: 0, state: { kind: "idle" } };

describe("the invariants of a block", () => {
  test("a call is answered once, and only if it was issued", async () => {
    const block = blockOf(1, async () => QUIET);
    await block.deliver({ index: 0, outcome: OUTCOME, now: 0 });
    expect([...block.settled]).toEqual([0]);
    await expect(block.deliver({ index: 0, outcome: OUTCOME, now: 0 })).rejects.toEqual(
      broken("a call is answered once"),
    );
    expect(() => block.settle(1)).toThrow(broken("only a call that was issued is answered"));
  });

  test("a block is given one answer at a time, and the next one when the last was taken or lost", async () => {
    const { promise, reject } = Promise.withResolvers<Activation>();
    const block = blockOf(3, ({ index }) => (index === 0 ? promise : Promise.resolve(QUIET)));
    const first = block.deliver({ index: 0, outcome: OUTCOME, now: 0 });
    await expect(block.deliver({ index: 1, outcome: OUTCOME, now: 0 })).rejects.toEqual(
      broken("a block is given one answer at a time"),
    );
    reject(new TypeError("the pipe"));
    await expect(first).rejects.toThrow("the pipe");
    await block.deliver({ index: 2, outcome: OUTCOME, now: 0 });
  });
});
