import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { javascriptLanguage } from "@rlmflow/repl";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRuntimeOptions, dockerRuntime } from "../src/index.ts";
import { describeWithEngine, IMAGE, labelled } from "./engine.ts";
import { brokenLanguage } from "./languages.ts";
import { closing, specOf } from "./repl-driver.ts";

const LABEL = "rlmflow.test.errors";

/** The message with which no REPL opens, in bounded time; closing the runtime works all the same. */
async function refusal(options: DockerRuntimeOptions): Promise<string> {
  await using runtime = closing(dockerRuntime(options));
  const error: unknown = await runtime.open(specOf()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "runtime_failed" });
  return error instanceof Error ? error.message : "";
}

describe("an engine that can't be used", () => {
  let folder = "";
  const servers: Server[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "rlmflow-engines-"));
  });
  afterAll(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  /** An engine that answers every request with this text, or not at all. */
  async function engineThatSays(name: string, answer: string | null): Promise<string> {
    const socketPath = join(folder, name);
    const server = createServer((socket) => {
      socket.on("error", () => {});
      if (answer !== null) socket.once("data", () => socket.end(answer));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    return socketPath;
  }

  test("is not there", async () => {
    const socketPath = join(folder, "nobody");
    expect(await refusal({ docker: { socketPath } })).toBe(
      `The runtime "docker" could not start a sandbox: No Docker engine answers at ${socketPath} (ENOENT). Start it, or say where it is with DOCKER_HOST or the option "docker".`,
    );
    expect(await refusal({ docker: { host: "127.0.0.1", port: 1 } })).toContain(
      "No Docker engine answers at http://127.0.0.1:1 (ECONNREFUSED).",
    );
  });

  test("never answers", async () => {
    const socketPath = await engineThatSays("silent", null);
    const begun = performance.now();
    const message = await refusal({ docker: { socketPath }, times: { openMs: 500 } });
    expect(message).toContain(`The Docker engine at ${socketPath} did not look for an image within 450 ms.`);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test("is something else", async () => {
    const page = "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 5\r\n\r\nhello";
    const socketPath = await engineThatSays("teapot", page);
    expect(await refusal({ docker: { socketPath } })).toContain(
      `The Docker engine at ${socketPath} did not look for an image: `,
    );
  });
});

describeWithEngine("a container that can't be used", () => {
  const left = async () => (await labelled(LABEL)).filter((name) => name.startsWith("/"));

  /** Tells the message, and sees that nothing runs even before the runtime is closed. */
  async function failure(options: DockerRuntimeOptions): Promise<string> {
    const labels = { [LABEL]: "" };
    await using runtime = closing(dockerRuntime({ image: IMAGE, labels, ...options }));
    const error: unknown = await runtime.open(specOf()).catch((thrown: unknown) => thrown);
    await expect.poll(left, { timeout: 4_000 }).toEqual([]);
    expect(error).toMatchObject({ code: "runtime_failed" });
    return error instanceof Error ? error.message : "";
  }

  test("has no image, and the message says how to get one", async () => {
    expect(await failure({ image: "example.invalid/nothing:1" })).toBe(
      'The runtime "docker" could not start a sandbox: The Docker engine has no image "example.invalid/nothing:1". Pull it: docker pull example.invalid/nothing:1',
    );
    expect(await failure({ image: "rlmflow-sandbox:no-such-tag" })).toContain(
      "Build it: rlmflow docker build --tag rlmflow-sandbox:no-such-tag",
    );
  });

  test.each([
    ["prints something else", "garbage", "The sandbox sent a frame that is not JSON; it begins with "],
    ["says nothing", "silence", "it did not answer within 10000 ms"],
    ["exits at once", "exit", "The program in the container ended with exit code 3. It said: no such module"],
    ["speaks another protocol", "otherProtocol", "The sandbox speaks protocol 99 instead of 1."],
    ["sends one frame without end", "flood", "The sandbox sent a frame of more than 67108864 bytes."],
  ])("has a program that %s", { timeout: 60_000 }, async (_, way, says) => {
    const begun = performance.now();
    const message = await failure({
      language: brokenLanguage,
      environment: { WAY: way },
      times: { openMs: way === "flood" ? 20_000 : 10_000 },
    });
    expect(message).toContain("No REPL could be opened: ");
    expect(message).toContain(says);
    expect(performance.now() - begun).toBeLessThan(40_000);
  });

  test.each(["agent", "run"] as const)(
    "has no interpreter (share: %s)",
    { timeout: 60_000 },
    async (share) => {
      const language = {
        ...javascriptLanguage,
        server: { ...javascriptLanguage.server, command: ["no-such-program"] },
      };
      expect(await failure({ language, share })).toMatch(/no-such-program/);
    },
  );

  test("is refused by the engine, in its words", { timeout: 60_000 }, async () => {
    expect(await failure({ network: "no-such-network" })).toMatch(/no-such-network/);
    expect(await failure({ ociRuntime: "no-such-runtime" })).toMatch(/no-such-runtime/i);
    const mounts = [{ hostPath: "/no/such/folder", containerPath: "/data" }];
    expect(await failure({ mounts })).toContain("/no/such/folder");
  });

  test("lacks the server program", async () => {
    const server = { ...javascriptLanguage.server, file: "/no/such/server.mjs" };
    expect(await failure({ language: { ...javascriptLanguage, server } })).toContain(
      "The server program of the language is not at /no/such/server.mjs.",
    );
  });
});
