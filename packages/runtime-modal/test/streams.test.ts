import { Status } from "nice-grpc";
import { describe, expect, test } from "vitest";
import { makeRuntime, specOf, start, startLoopback } from "./loopback-rig.ts";

const PATIENCE = { timeout: 300_000 };

describe("frames to and from a sandbox on Modal", PATIENCE, () => {
  test("may be longer than what one call carries, both ways", async () => {
    await startLoopback();
    const session = await makeRuntime().open(specOf());
    const sent = await start(
      session,
      "const text = await echo('ä'.repeat(1_500_000)); print(text.length, text.slice(-2))",
    );
    expect(sent.calls[0]?.args).toEqual(["ä".repeat(1_500_000)]);
    const value = `${"ö".repeat(2_500_000)}!`;
    const activation = await session.deliver({
      index: 0,
      outcome: { ok: true, value },
      now: 1_700_000_000_001,
    });
    expect(activation.output).toBe("2500001 ö!\n");
  });

  test("are sent and read again where a call fails in passing", async () => {
    const loopback = await startLoopback();
    loopback.fail("taskExecStdioRead", Status.UNAVAILABLE, "busy", 3);
    loopback.fail("taskExecStart", Status.UNAVAILABLE, "busy");
    loopback.fail("sandboxCreateV2", Status.UNAVAILABLE, "busy", 2);
    const session = await makeRuntime().open(specOf());
    for (const word of ["one", "two"]) {
      loopback.fail("taskExecStdinWrite", Status.UNAVAILABLE, "busy", 2);
      expect((await start(session, `print("${word}")`)).output).toBe(`${word}\n`);
    }
    expect(loopback.sandboxes.size).toBe(1);
  });

  test("arrive once each where an answer of Modal's is lost", async () => {
    const loopback = await startLoopback();
    const session = await makeRuntime().open(specOf());
    loopback.loseAnswer("taskExecStdinWrite");
    expect((await start(session, "print('once')")).output).toBe("once\n");
    expect((await start(session, "print('more')")).output).toBe("more\n");
  });
});
