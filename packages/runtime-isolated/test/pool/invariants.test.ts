import { describe, expect, test, vi } from "vitest";
import { resolveOptions } from "../../src/options.ts";
import { ProcessPool } from "../../src/pool/process-pool.ts";
import { fakeProcesses } from "./fake-process.ts";

// The fault: every process is said to have a free seat, that of an agent which asked to be alone included.
vi.mock("../../src/pool/berth.ts", async (original) => ({
  ...(await original<object>()),
  hasSeat: () => true,
}));

const broken = (what: string) =>
  expect.objectContaining({ code: "protocol_violation", details: { invariant: what } });

function pool() {
  const { start } = fakeProcesses({ turns: () => 0, startTurns: () => 0, diesEarly: () => false });
  return new ProcessPool(resolveOptions({ spareProcesses: 0 }), start);
}

describe("the invariants of a pool of processes", () => {
  test("an agent gets no seat beside one that is alone, whatever is thought to be free", async () => {
    const processes = pool();
    await processes.take({ group: "g", alone: true });
    await expect(processes.take({ group: "g", alone: false })).rejects.toEqual(
      broken("a process serves one group or agent"),
    );
    await processes.close();
  });

  test("a seat has one request at a time", async () => {
    const processes = pool();
    const seat = await processes.take({ group: "g", alone: false });
    const first = seat.enter("start", "{}");
    expect(() => seat.enter("start", "{}")).toThrow(broken("a seat has one request at a time"));
    await processes.close();
    expect(await first).toMatchObject({ kind: "lost" });
  });
});
