import { RLMError } from "@rlmflow/core";
import { describe, expect, test, vi } from "vitest";
import type { ModalRuntimeOptions } from "../src/index.ts";
import { REFUSED_TOKEN_ID } from "./loopback/modal-loopback.ts";
import { lossOf, makeRuntime, refusal, specOf, start, startLoopback } from "./loopback-rig.ts";
import { UnreliableNetwork } from "./unreliable-network.ts";

const PATIENCE = { timeout: 300_000 };
const NO_SANDBOX = 'The runtime "modal" could not start a sandbox: ';

describe("where no sandbox can be had, opening a REPL says so", PATIENCE, () => {
  test.each([
    [[], "Modal has no token to go by"],
    [["MODAL_TOKEN_ID"], "Modal has only half a token, MODAL_TOKEN_ID without MODAL_TOKEN_SECRET"],
    [["MODAL_TOKEN_SECRET"], "Modal has only half a token, MODAL_TOKEN_SECRET without MODAL_TOKEN_ID"],
  ])("with %j set, and no more", async (set, problem) => {
    await startLoopback();
    for (const name of ["MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"]) {
      vi.stubEnv(name, set.includes(name) ? "x" : "");
    }
    const error = await makeRuntime()
      .open(specOf())
      .catch((cause: unknown) => cause);
    expect(RLMError.is(error, "runtime_failed")).toBe(true);
    expect(String(error)).toContain(
      `${NO_SANDBOX}${problem}: give credentials, set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, or run: modal setup`,
    );
  });

  test("with a token that Modal refuses", async () => {
    await startLoopback();
    const credentials = { tokenId: REFUSED_TOKEN_ID, tokenSecret: "as-1" };
    expect(await refusal(makeRuntime({ credentials }).open(specOf()))).toBe(
      `${NO_SANDBOX}Modal refused the token: Token ID is malformed or unknown. Is it still valid?`,
    );
  });

  test("where nothing answers", async () => {
    const loopback = await startLoopback();
    await loopback.stop();
    expect(await refusal(makeRuntime().open(specOf()))).toMatch(
      new RegExp(`^${NO_SANDBOX}Modal cannot be reached: .*ECONNREFUSED 127\\.0\\.0\\.1:\\d+\\.?$`),
    );
  });

  test.each<[string, ModalRuntimeOptions, string]>([
    [
      "app",
      { app: "absent", createApp: false, environment: "dev" },
      `The Modal app "absent" cannot be used in the environment dev: App 'absent' not found`,
    ],
    [
      "image of a registry",
      { image: { registry: "missing:1" } },
      'The image "missing:1" cannot be used: Image build for im-',
    ],
    [
      "built image",
      { image: { id: "im-gone" } },
      'The image "im-gone" cannot be used: Could not find image with ID im-gone',
    ],
    ["secret", { secrets: ["gone"] }, `The Modal secret "gone" cannot be used: Secret 'gone' not found`],
    [
      "registry secret",
      { image: { registry: "a/b", registrySecret: "gone" } },
      `The Modal secret "gone" cannot be used: Secret 'gone' not found`,
    ],
    [
      "volume",
      { volumes: { "/data": { name: "gone" } } },
      `The Modal volume "gone" cannot be used: Volume 'gone' not found`,
    ],
  ])("with a missing %s", async (_, options, says) => {
    await startLoopback();
    expect(await refusal(makeRuntime(options).open(specOf()))).toContain(NO_SANDBOX + says);
  });
});

describe(
  "where the sandbox does not serve a REPL, opening one says why, and the sandbox ends",
  PATIENCE,
  () => {
    test.each<[string, readonly string[], RegExp]>([
      [
        "ends at once",
        ["sh", "-c", "echo no such module >&2; exit 3"],
        /^No REPL could be opened: The program in the sandbox sb-\S+ ended with code 3\. It wrote: no such module$/,
      ],
      [
        "is not there",
        ["/nowhere/node"],
        /^No REPL could be opened: The program in the sandbox sb-\S+ ended with code 127\. Is node in the image\?/,
      ],
      [
        "prints garbage",
        ["sh", "-c", "echo Welcome!; exec cat"],
        /^No REPL could be opened: The sandbox sent a frame that is not JSON; it begins with "/,
      ],
      [
        "speaks another protocol",
        ["sh", "-c", `echo '{"type":"hello","protocol":99,"engine":"v8"}'; exec cat`],
        /^No REPL could be opened: The sandbox speaks protocol 99 instead of 1\./,
      ],
      [
        "repeats what it is told",
        ["cat"],
        /^No REPL could be opened: The sandbox sent a frame of unknown type/,
      ],
      [
        "hangs",
        ["sleep", "60"],
        /^No REPL could be opened: it did not answer within 5000 ms, the limit set by times\.openMs$/,
      ],
    ])("when its program %s", async (_, command, says) => {
      const loopback = await startLoopback({ rewrite: () => command });
      const runtime = makeRuntime({ times: { openMs: 5_000 } });
      expect(await refusal(runtime.open(specOf()))).toMatch(says);
      await runtime.close();
      expect(loopback.sandboxes.size).toBe(1);
      expect(loopback.running).toEqual([]);
    });

    test("when the file system takes no file", async () => {
      const loopback = await startLoopback();
      loopback.before("taskExecStart", async () => {
        for (const sandbox of loopback.running) sandbox.end({ status: 2, exitcode: 1, exception: "gone" });
      });
      expect(await refusal(makeRuntime().open(specOf()))).toMatch(
        /The REPL's program could not be copied into the sandbox sb-\S+: The Sandbox is unavailable/,
      );
    });
  },
);

describe("a REPL whose sandbox is lost says how", PATIENCE, () => {
  test("when the lifetime is over", async () => {
    await startLoopback();
    const session = await makeRuntime({ lifetimeMs: 7_000 }).open(specOf());
    const { state } = await start(session, "for (;;);");
    expect(state).toMatchObject({ blame: "none", limit: { name: "lifetimeMs", value: 7_000, unit: "ms" } });
    expect(lossOf({ state, calls: [], output: "", codeMs: 0 })).toMatch(
      /^The sandbox is gone: The lifetime of the sandbox, 7000 ms, was over\.$/,
    );
  });

  test("when its program is killed", async () => {
    const loopback = await startLoopback({
      rewrite: (command) => ["sh", "-c", `echo $$ >&2; exec ${command.join(" ")}`],
    });
    const session = await makeRuntime({ memoryLimitMiB: 1500 }).open(specOf());
    const activation = start(session, "for (;;);");
    loopback.running[0]?.kill();
    expect((await activation).state).toMatchObject({ blame: "block" });
    expect(lossOf(await activation)).toMatch(
      /^The sandbox is gone: The program in the sandbox was killed, as happens where more than 1500 MiB of memory are wanted\.$/,
    );
  });

  test("when somebody ends the sandbox", async () => {
    const loopback = await startLoopback();
    const session = await makeRuntime().open(specOf());
    const activation = start(session, "for (;;);");
    loopback.running[0]?.end({ status: 3, exitcode: 0, exception: "" });
    expect((await activation).state).toMatchObject({ blame: "none" });
    expect(lossOf(await activation)).toMatch(
      /^The sandbox is gone: The sandbox ended with code 137 \(terminated from outside, or out of memory\)\.$/,
    );
  });

  test("when the wall time is over, and the sandbox ends", async () => {
    const loopback = await startLoopback();
    const session = await makeRuntime({ times: { openMs: 20_000, wallMs: 700 } }).open(specOf());
    expect((await start(session, "for (;;);")).state).toMatchObject({
      limit: { name: "wallMs", value: 700 },
    });
    await vi.waitFor(() => expect(loopback.running).toEqual([]), 60_000);
  });
});

describe("when the network fails in the middle", () => {
  test("a connection that breaks loses the REPL", async () => {
    const network = new UnreliableNetwork();
    await startLoopback({ proxy: (port) => network.open(port) });
    const session = await makeRuntime({ times: { openMs: 20_000, wallMs: 60_000 } }).open(specOf());
    const activation = start(session, "for (;;);");
    network.cut();
    expect((await activation).state).toMatchObject({ blame: "none" });
    expect(lossOf(await activation)).toMatch(
      /^The sandbox is gone: The connection to the sandbox was lost\.$/,
    );
  });

  test("a connection that carries nothing any more loses the REPL at the wall time", async () => {
    const network = new UnreliableNetwork();
    await startLoopback({ proxy: (port) => network.open(port) });
    const runtime = makeRuntime({ times: { openMs: 20_000, wallMs: 2_000 } });
    const session = await runtime.open(specOf());
    network.freeze();
    expect((await start(session, "print(1)")).state).toMatchObject({
      limit: { name: "wallMs", value: 2_000 },
    });
    expect(await refusal(runtime.close())).toMatch(
      /may still run: ending it took longer than 10000 ms\. It ends/,
    );
    network.cut();
  });
});
