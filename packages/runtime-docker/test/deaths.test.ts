import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type DockerRuntimeOptions, dockerRuntime } from "../src/index.ts";
import { describeWithEngine, docker, IMAGE, labelled } from "./engine.ts";
import { openLanguage } from "./languages.ts";
import { closing, ReplDriver } from "./repl-driver.ts";

const LABEL = "rlmflow.test.deaths";

function runtimeWith(label: string, options: DockerRuntimeOptions = {}) {
  const labels = { [LABEL]: label };
  return closing(dockerRuntime({ image: IMAGE, language: openLanguage, memoryMB: 128, labels, ...options }));
}

const BUFFERS = "const kept = []; for (;;) kept.push(Buffer.alloc(1_000_000, 1));";
const HEAP = "const kept = []; for (;;) kept.push([kept.length, {}]);";
const KILL = `process.kill(process.pid, "SIGKILL"); await new Promise(() => {});`;
const memoryLimit = { name: "memoryMB", value: 128, unit: "MB" };

describeWithEngine("a container of one agent that dies", () => {
  test.each([
    ["memory outside the heap", BUFFERS],
    ["the heap", HEAP],
  ])("of %s names the limit and blames the block", async (_, code) => {
    await using runtime = runtimeWith("memory");
    await using repl = await ReplDriver.open(runtime);
    expect(await repl.loss(code)).toEqual({
      kind: "lost",
      blame: "block",
      message: "The sandbox is gone: The block used up the memory of its container, which has 128 MB.",
      limit: memoryLimit,
    });
    await using next = await ReplDriver.open(runtime);
    expect(await next.output("return 6 * 7;")).toBe("42");
  });

  test("of an exit names the code and blames the block", async () => {
    await using runtime = runtimeWith("exit");
    await using repl = await ReplDriver.open(runtime);
    expect(await repl.loss("process.exit(3);")).toEqual({
      kind: "lost",
      blame: "block",
      message: "The sandbox is gone: The program in the container ended with exit code 3.",
    });
  });

  test("of a kill from outside blames nobody", async () => {
    await using runtime = runtimeWith("kill");
    await using repl = await ReplDriver.open(runtime);
    const running = repl.loss("await new Promise(() => {});");
    await sleep(200);
    const [name = ""] = (await labelled(`${LABEL}=kill`)).filter((entry) => entry.startsWith("/"));
    await docker.getContainer(name.slice(1)).kill();
    expect(await running).toEqual({
      kind: "lost",
      blame: "none",
      message:
        "The sandbox is gone: The program in the container was killed, by its own code or from outside.",
    });
  });

  test("while nothing runs blames nobody, whenever that is noticed", async () => {
    await using runtime = runtimeWith("idle");
    await using repl = await ReplDriver.open(runtime);
    await repl.output("return 1;");
    const [name = ""] = (await labelled(`${LABEL}=idle`)).filter((entry) => entry.startsWith("/"));
    await docker.getContainer(name.slice(1)).remove({ force: true });
    expect(await repl.loss("return 2;")).toMatchObject({ blame: "none" });
  });

  test("of no answer is killed at the wall limit", async () => {
    await using runtime = runtimeWith("wall", { timeMs: 100, times: { wallMs: 1_000 } });
    await using repl = await ReplDriver.open(runtime);
    expect(await repl.loss("for (;;);")).toMatchObject({
      blame: "block",
      limit: { name: "wallMs", value: 1_000, unit: "ms" },
    });
    await repl.session.dispose();
    expect((await labelled(`${LABEL}=wall`)).filter((entry) => entry.startsWith("/"))).toEqual([]);
  });
});

describeWithEngine("a container that agents of a run share", () => {
  const containers = async (label: string) =>
    (await labelled(`${LABEL}=${label}`)).filter((entry) => entry.startsWith("/"));
  const shared = { share: "run", memoryMB: 256 } as const;

  test("is one for a run, another for another run, and none for who is alone", {
    timeout: 300_000,
  }, async () => {
    await using runtime = runtimeWith("places", { ...shared, agentsPerContainer: 2 });
    const open = (agentId: string, group: string, alone = false) =>
      ReplDriver.open(runtime, { agentId, group, alone });
    const [a, b] = await Promise.all([open("root.a", "run-1"), open("root.b", "run-1")]);
    expect(await containers("places")).toHaveLength(1);
    const other = await open("root.a", "run-2");
    expect(await containers("places")).toHaveLength(2);
    const alone = await open("root.c", "run-1", true);
    expect(await containers("places")).toHaveLength(3);
    const third = await open("root.d", "run-1");
    expect(await containers("places")).toHaveLength(4);
    await a.session.dispose();
    await open("root.e", "run-1");
    expect(await containers("places")).toHaveLength(4);
    for (const repl of [b, other, alone, third]) expect(await repl.output("return 1;")).toBe("1");
  });

  test("a process that exits is blamed, one that is killed is not, and the others go on", {
    timeout: 300_000,
  }, async () => {
    await using runtime = runtimeWith("neighbours", shared);
    const [stays, exits, killed] = await Promise.all(
      ["root.a", "root.b", "root.c"].map((agentId) => ReplDriver.open(runtime, { agentId })),
    );
    await stays?.output("globalThis.kept = 1; return 1;");
    expect(await exits?.loss("process.exit(4);")).toMatchObject({
      blame: "block",
      message: "The sandbox is gone: The program in the container ended with exit code 4.",
    });
    expect(await killed?.loss(KILL)).toMatchObject({
      blame: "none",
      message: expect.stringContaining("killed, by its own code, from outside, or for the 256 MB of memory"),
    });
    expect(await stays?.output("return kept;")).toBe("1");
  });

  test("memory that runs out takes a process of it and blames nobody, who is alone is blamed", {
    timeout: 300_000,
  }, async () => {
    await using runtime = runtimeWith("shared-memory", shared);
    const repl = await ReplDriver.open(runtime);
    expect(await repl.loss(BUFFERS)).toMatchObject({ blame: "none" });
    const alone = await ReplDriver.open(runtime, { alone: true });
    expect(await alone.loss(BUFFERS)).toMatchObject({
      blame: "block",
      limit: { name: "memoryMB", value: 256, unit: "MB" },
    });
  });

  test("code that can't be interrupted ends with its container, which others lose unblamed", {
    timeout: 300_000,
  }, async () => {
    await using runtime = runtimeWith("hang", { ...shared, timeMs: 100, times: { wallMs: 1_000 } });
    const [hangs, mate] = await Promise.all(
      ["root.a", "root.b"].map((agentId) => ReplDriver.open(runtime, { agentId })),
    );
    expect(await hangs?.loss("for (;;);")).toMatchObject({ blame: "block", limit: { name: "wallMs" } });
    expect(await mate?.output("return 1;")).toBe("1");
    await hangs?.session.dispose();
    await expect.poll(() => containers("hang")).toEqual([]);
    expect(await mate?.loss("return 2;")).toMatchObject({ blame: "none" });
    const next = await ReplDriver.open(runtime);
    expect(await next.output("return 3;")).toBe("3");
  });

  test("is replaced when it died while nobody looked", async () => {
    await using runtime = runtimeWith("replaced", shared);
    await ReplDriver.open(runtime);
    for (const name of await containers("replaced")) await docker.getContainer(name.slice(1)).kill();
    const next = await ReplDriver.open(runtime, { agentId: "root.b" });
    expect(await next.output("return 1;")).toBe("1");
  });
});
