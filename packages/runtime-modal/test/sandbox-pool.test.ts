import { Status } from "nice-grpc";
import { describe, expect, test, vi } from "vitest";
import { lossOf, makeRuntime, refusal, specOf, start, startLoopback } from "./loopback-rig.ts";

/** Stands in for a program that computes where no time limit reaches it. */
const ENDLESS = ["sh", "-c", "trap '' TERM PIPE HUP; while :; do sleep 0.05; done"];

describe("REPLs of one run in one sandbox", () => {
  test("share it with each other and with nobody else", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime({ share: "run" });
    const [a, b, c, d] = await Promise.all([
      runtime.open(specOf({ agentId: "root.a" })),
      runtime.open(specOf({ agentId: "root.b" })),
      runtime.open(specOf({ agentId: "root.c", group: "run-2" })),
      runtime.open(specOf({ agentId: "root.d", alone: true })),
    ]);
    expect(loopback.running.map(({ commands }) => commands.length).toSorted()).toEqual([1, 1, 2]);
    await a.dispose();
    expect(loopback.running).toHaveLength(3);
    expect((await start(b, "print(2)")).output).toBe("2\n");
    await Promise.all([b.dispose(), c.dispose(), d.dispose()]);
    expect(loopback.running).toEqual([]);
  });

  test("leave no program behind while the others go on", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime({ share: "run", times: { openMs: 20_000, wallMs: 4_000 }, timeMs: 60_000 });
    const [lost, staying] = [await runtime.open(specOf()), await runtime.open(specOf())];
    expect((await start(staying, "globalThis.kept = 1")).state.kind).toBe("ended");
    expect((await start(lost, "for (;;);")).state.kind).toBe("lost");
    const [sandbox] = loopback.running;
    await vi.waitFor(() => expect(sandbox?.programs).toBe(1), 60_000);
    expect((await start(staying, "print(kept)")).output).toBe("1\n");
    await staying.dispose();
    expect(loopback.running).toEqual([]);
  });

  test("take no new ones where one could not be opened", async () => {
    const bad = new Set(["root.bad"]);
    const loopback = await startLoopback({
      rewrite: (command) => (command.includes("kill") || bad.size === 0 ? command : ENDLESS),
    });
    const runtime = makeRuntime({ share: "run", times: { openMs: 5_000 } });
    expect(await refusal(runtime.open(specOf({ agentId: "root.bad" })))).toContain(
      "did not answer within 5000 ms",
    );
    bad.clear();
    expect(loopback.running).toEqual([]);
    await runtime.open(specOf());
    expect(loopback.sandboxes.size).toBe(2);
  });

  test("are not kept from opening by others in it, who may end what comes", async () => {
    let programs = 0;
    const loopback = await startLoopback({
      rewrite: (command) => {
        if (command.includes("--time-ms")) programs += 1;
        return programs === 2 && command.includes("--time-ms") ? ["sh", "-c", "kill -TERM $$"] : command;
      },
    });
    const runtime = makeRuntime({ share: "run" });
    const bad = await runtime.open(specOf({ agentId: "root.bad" }));
    const good = await runtime.open(specOf({ agentId: "root.good" }));
    expect((await start(good, "print(5)")).output).toBe("5\n");
    expect(loopback.running).toHaveLength(2);
    expect((await start(bad, "print(6)")).output).toBe("6\n");
  });

  test("are not kept from opening by others in it, who may leave no room", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime({ share: "run" });
    await runtime.open(specOf({ agentId: "root.bad" }));
    loopback.fail("taskExecStart", Status.FAILED_PRECONDITION, "no process");
    const good = await runtime.open(specOf({ agentId: "root.good" }));
    expect((await start(good, "print(5)")).output).toBe("5\n");
    expect(loopback.running).toHaveLength(2);
  });

  test("go to a new sandbox after the old one ended", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime({ share: "run" });
    const [one, other] = [await runtime.open(specOf()), await runtime.open(specOf())];
    const activation = start(one, "for (;;);");
    loopback.running[0]?.end({ status: 4, exitcode: 0, exception: "" });
    expect(lossOf(await activation)).toContain("was over");
    const next = await runtime.open(specOf());
    expect((await start(next, "print(3)")).output).toBe("3\n");
    expect(lossOf(await start(other, "print(1)"))).toContain("was over");
    expect(loopback.sandboxes.size).toBe(2);
  });

  test("a sandbox that could not be made is asked for again", async () => {
    const loopback = await startLoopback();
    loopback.fail("sandboxCreateV2", Status.RESOURCE_EXHAUSTED, "no capacity");
    const runtime = makeRuntime({ share: "run" });
    expect(await refusal(runtime.open(specOf()))).toContain("Modal made no sandbox: no capacity");
    expect((await start(await runtime.open(specOf()), "print(4)")).output).toBe("4\n");
  });
});
