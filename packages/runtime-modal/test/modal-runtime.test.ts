import { hostname } from "node:os";
import { Status } from "nice-grpc";
import { describe, expect, test, vi } from "vitest";
import { makeRuntime, refusal, specOf, start, startLoopback } from "./loopback-rig.ts";

const PATIENCE = { timeout: 300_000 };

describe("a sandbox on Modal", PATIENCE, () => {
  test("is asked for with what the options say", async () => {
    const loopback = await startLoopback();
    loopback.secrets.set("keys", { API_KEY: "secret" });
    loopback.volumes.set("corpus", "vo-1");
    const runtime = makeRuntime({
      app: "my-app",
      image: { registry: "node:24", commands: ["RUN apt-get update", "ENV A=b"] },
      cpu: 0.5,
      cpuLimit: 2,
      memoryMiB: 512,
      memoryLimitMiB: 2048,
      lifetimeMs: 600_000,
      regions: ["us-east", "eu"],
      secrets: ["keys"],
      volumes: { "/data": { name: "corpus" } },
    });
    await runtime.open(specOf());
    const [sandbox] = loopback.running;
    expect(loopback.apps.get("my-app")).toBe(sandbox?.appId);
    expect([...loopback.images.values()]).toEqual([
      ["FROM node:24"],
      ["FROM base", "RUN apt-get update", "ENV A=b"],
    ]);
    const blocked = 2;
    expect(sandbox?.definition).toMatchObject({
      timeoutSecs: 600,
      networkAccess: { networkAccessType: blocked },
      schedulerPlacement: { regions: ["us-east", "eu"] },
      resources: { milliCpu: 500, milliCpuMax: 2000, memoryMb: 512, memoryMbMax: 2048 },
      volumeMounts: [{ volumeId: "vo-1", mountPath: "/data", readOnly: true }],
    });
  });

  test("runs the server program of the language", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime({ timeMs: 1234 });
    const session = await runtime.open(specOf());
    expect((await start(session, "print(6 * 7)")).output).toBe("42\n");
    expect(loopback.running[0]?.commands).toEqual([
      ["node", "/tmp/rlmflow/server.mjs", "--time-ms", "1234"].map((word) => expect.stringContaining(word)),
    ]);
  });

  test("has a name and tags by which one that was left behind can be found", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime();
    await runtime.open(specOf({ group: "run 1/ä", agentId: "root.scan_1" }));
    const [sandbox] = loopback.running;
    expect(sandbox?.definition.name).toMatch(/^rlmflow-run_1__-[0-9a-f]{8}$/);
    expect(sandbox?.tags).toEqual({
      rlmflow: "repl",
      "rlmflow-run": "run_1__",
      "rlmflow-agent": "root.scan_1",
      "rlmflow-host": hostname()
        .replaceAll(/[^\w.-]/g, "_")
        .slice(-60),
    });
  });

  test("can be one of an image that was built before, with a GPU", async () => {
    const loopback = await startLoopback();
    loopback.images.set("im-built", ["FROM node:24"]);
    const runtime = makeRuntime({ image: { id: "im-built" }, gpu: "a10g:2" });
    const session = await runtime.open(specOf());
    expect((await start(session, "print(1)")).output).toBe("1\n");
    expect(loopback.running[0]?.definition).toMatchObject({
      imageId: "im-built",
      resources: { gpuConfig: { gpuType: "A10G", count: 2 } },
    });
    expect(loopback.calls).toContain("sandboxCreate");
    await session.dispose();
    expect(loopback.running).toEqual([]);
  });

  test("takes a token from the options before the environment's", async () => {
    await startLoopback();
    vi.stubEnv("MODAL_TOKEN_ID", "ak-refused");
    const credentials = { tokenId: "ak-given", tokenSecret: "as-given" };
    const session = await makeRuntime({ credentials }).open(specOf());
    expect((await start(session, "print(1)")).output).toBe("1\n");
  });

  test("looks up app and image once for all sandboxes, and again after a failure", async () => {
    const loopback = await startLoopback();
    loopback.fail("appGetOrCreate", Status.NOT_FOUND, "not yet");
    const runtime = makeRuntime();
    expect(await refusal(runtime.open(specOf()))).toContain("not found");
    await Promise.all([runtime.open(specOf()), runtime.open(specOf())]);
    expect(loopback.calls.filter((method) => method === "appGetOrCreate")).toHaveLength(2);
    expect(loopback.calls.filter((method) => method === "imageGetOrCreate")).toHaveLength(1);
  });
});

describe("sandboxes on Modal end", PATIENCE, () => {
  test("when their REPL is disposed", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime();
    const [one, other] = [await runtime.open(specOf()), await runtime.open(specOf())];
    expect(loopback.running).toHaveLength(2);
    await one.dispose();
    expect(loopback.running).toHaveLength(1);
    await other.dispose();
    expect(loopback.running).toEqual([]);
  });

  test("when the runtime is closed, also in the middle of a block", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime();
    const sessions = [await runtime.open(specOf()), await runtime.open(specOf())];
    const activations = Promise.all(sessions.map((session) => start(session, "for (;;);")));
    await runtime.close();
    expect((await activations).map(({ state }) => state.kind)).toEqual(["lost", "lost"]);
    expect(loopback.running).toEqual([]);
  });

  test("when the runtime is closed while they are made", async () => {
    const loopback = await startLoopback();
    const asked = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    loopback.before("sandboxCreateV2", async () => {
      asked.resolve();
      await go.promise;
    });
    const runtime = makeRuntime();
    const opening = refusal(runtime.open(specOf()));
    await asked.promise;
    const closing = runtime.close();
    expect(await opening).toBe('The runtime "modal" was closed; make a new one.');
    go.resolve();
    await closing;
    expect(loopback.sandboxes.size).toBe(1);
    expect(loopback.running).toEqual([]);
  });

  test.each(["sandboxCreateV2", "taskExecStart", "taskExecStdinWriteStream"])(
    "when nobody waits any more: the answer to %s comes too late",
    async (method) => {
      const loopback = await startLoopback();
      const go = Promise.withResolvers<void>();
      loopback.before(method, () => go.promise);
      const runtime = makeRuntime({ times: { openMs: 4_000 } });
      expect(await refusal(runtime.open(specOf()))).toContain("could not start a sandbox");
      go.resolve();
      await runtime.close();
      expect(loopback.sandboxes.size).toBe(1);
      expect(loopback.running).toEqual([]);
    },
  );

  test("when the REPL breaks its limit", async () => {
    const loopback = await startLoopback();
    const session = await makeRuntime({ timeMs: 300 }).open(specOf());
    expect((await start(session, "for (;;);")).state.kind).toBe("lost");
    await vi.waitFor(() => expect(loopback.running).toEqual([]), 60_000);
  });

  test("when the program could not be brought in, or close says which may still run", async () => {
    const loopback = await startLoopback();
    loopback.fail("taskExecStart", Status.INVALID_ARGUMENT, "no exec");
    loopback.fail("sandboxTerminateV2", Status.PERMISSION_DENIED, "no");
    const runtime = makeRuntime();
    expect(await refusal(runtime.open(specOf()))).toContain("could not be copied into the sandbox");
    const [sandbox] = loopback.running;
    expect(await refusal(runtime.close())).toContain(`The Modal sandbox ${sandbox?.id} may still run: no.`);
  });

  test("or close says which may still run, and how to end them", async () => {
    const loopback = await startLoopback();
    const runtime = makeRuntime({ lifetimeMs: 120_000 });
    await runtime.open(specOf());
    const [sandbox] = loopback.running;
    loopback.fail("sandboxTerminateV2", Status.PERMISSION_DENIED, "no");
    expect(await refusal(runtime.close())).toBe(
      `The Modal sandbox ${sandbox?.id} may still run: no. It ends by itself 2 minutes after it began; end it with: modal sandbox terminate ${sandbox?.id}`,
    );
  });
});
