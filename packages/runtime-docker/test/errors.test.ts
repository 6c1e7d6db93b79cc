import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { javascriptLanguage } from "@rlmflow/repl";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildDockerImage, type DockerRuntimeOptions, dockerRuntime } from "../src/index.ts";
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

  /** The socket of a server that does this with whoever asks it for something. */
  async function serverThat(name: string, serve: (socket: Socket) => void): Promise<string> {
    const socketPath = join(folder, name);
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => serve(socket));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    return socketPath;
  }

  const NO_SANDBOX = 'The runtime "docker" could not start a sandbox: ';
  const WHERE = 'Say where the engine is with DOCKER_HOST or the option "docker".';
  const response = (status: string, body: string, type = "text/plain") =>
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

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
    const socketPath = await serverThat("silent", () => {});
    const message = await refusal({ docker: { socketPath }, times: { openMs: 500 } });
    expect(message).toContain(`The Docker engine at ${socketPath} did not tell its version within 450 ms.`);
  });

  test.each([
    ["a page", response("200 OK", "hello"), 'it answers "hello"'],
    ["nothing", response("200 OK", ""), "it answers nothing"],
    [
      "half a record",
      response("200 OK", '{"ApiVersion": "1.4'),
      `it answers ${JSON.stringify('{"ApiVersion": "1.4')}`,
    ],
    [
      "another record",
      response("200 OK", '{"ApiVersion":1}'),
      `it answers ${JSON.stringify('{"ApiVersion":1}')}`,
    ],
    ["a list", response("200 OK", "[]"), 'it answers "[]"'],
    ["404", response("404 Not Found", "no\n\u001b[2J page"), 'it answers with status 404 "no [2J page"'],
    [
      "a long 404",
      response("404 Not Found", "x".repeat(999)),
      `it answers with status 404 "${"x".repeat(80)}…"`,
    ],
    ["an error of its own kind", response("404 Not Found", '{"error":"?"}'), "it answers with status 404 "],
    [
      "a complaint about TLS",
      response("400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n"),
      'it answers with status 400 "Client sent an HTTP request to an HTTPS server."',
    ],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "it answers in something else than HTTP"],
  ])("is something else, which answers %s", async (name, answer, says) => {
    const socketPath = await serverThat(name, (socket) => socket.end(answer));
    const message = await refusal({ docker: { socketPath } });
    expect(message).toContain(`${NO_SANDBOX}What answers at ${socketPath} is no Docker engine: ${says}`);
    expect(message).toContain(WHERE);
    await expect(buildDockerImage({ docker: { socketPath } })).rejects.toThrow("is no Docker engine");
  });

  test("closes at once", async () => {
    const socketPath = await serverThat("closes", (socket) => socket.destroy());
    expect(await refusal({ docker: { socketPath } })).toContain(
      `${NO_SANDBOX}No Docker engine answers at ${socketPath} (ECONNRESET).`,
    );
  });

  test("closes in the middle of an answer, which is waited for no longer than for another", async () => {
    const cut = response("200 OK", "hello").slice(0, -3);
    const socketPath = await serverThat("cut", (socket) => socket.end(cut));
    expect(await refusal({ docker: { socketPath }, times: { openMs: 500 } })).toContain(
      `The Docker engine at ${socketPath} did not tell its version within 450 ms.`,
    );
  });

  test("refuses in its own words, which are told", async () => {
    const body = JSON.stringify({ message: "authorization denied by plugin" });
    const socketPath = await serverThat("guarded", (socket) => socket.end(response("403 Forbidden", body)));
    expect(await refusal({ docker: { socketPath } })).toBe(
      `${NO_SANDBOX}The Docker engine at ${socketPath} did not tell its version: authorization denied by plugin`,
    );
  });

  test("knows its version, and nothing of images", async () => {
    const version = response("200 OK", JSON.stringify({ ApiVersion: "1.41" }), "application/json");
    const socketPath = await serverThat("version", (socket) => {
      socket.write(version);
      socket.once("data", () => socket.end(response("404 Not Found", "no such page")));
    });
    expect(await refusal({ docker: { socketPath } })).toContain(
      `What answers at ${socketPath} is no Docker engine: it answers with status 404 "no such page".`,
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
    await expect.poll(left).toEqual([]);
    expect(error).toMatchObject({ code: "runtime_failed" });
    return error instanceof Error ? error.message : "";
  }

  test("has no image, and the message says how to get one", async () => {
    expect(await failure({ image: "example.invalid/nothing:1" })).toBe(
      'The runtime "docker" could not start a sandbox: The Docker engine has no image "example.invalid/nothing:1". Pull it: docker pull example.invalid/nothing:1',
    );
    for (const image of ["no-such-image:1", "nobody/no-such-image"]) {
      expect(await failure({ image })).toContain(
        `no image "${image}". Pull it (docker pull ${image}), or build one of that name: rlmflow docker build --tag ${image}`,
      );
    }
    const digest = `no-such-image@sha256:${"0".repeat(64)}`;
    expect(await failure({ image: digest })).toMatch(/Pull it: docker pull no-such-image@sha256:0+$/);
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
  ])("has a program that %s", async (_, way, says) => {
    const message = await failure({
      language: brokenLanguage,
      environment: { WAY: way },
      times: { openMs: way === "flood" ? 20_000 : 10_000 },
    });
    expect(message).toContain("No REPL could be opened: ");
    expect(message).toContain(says);
  });

  test.each(["agent", "run"] as const)(
    "has no interpreter (share: %s)",
    { timeout: 300_000 },
    async (share) => {
      const language = {
        ...javascriptLanguage,
        server: { ...javascriptLanguage.server, command: ["no-such-program"] },
      };
      expect(await failure({ language, share })).toMatch(/no-such-program/);
    },
  );

  test("is refused by the engine, in its words", async () => {
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
