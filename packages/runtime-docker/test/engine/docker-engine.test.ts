import { describe, expect, test } from "vitest";
import { DockerEngine } from "../../src/engine/docker-engine.ts";
import { hasStatus } from "../../src/engine/engine-failure.ts";

const engine = new DockerEngine({ socketPath: "/run/test.sock" });

function failing(error: unknown): Promise<unknown> {
  const failed = engine.call("do it", () => Promise.reject(error));
  return failed.catch((thrown: unknown) => thrown);
}

describe("a call", () => {
  test.each([
    [
      { code: "ECONNREFUSED" },
      'No Docker engine answers at /run/test.sock (ECONNREFUSED). Start it, or say where it is with DOCKER_HOST or the option "docker".',
    ],
    [
      { code: "EACCES" },
      'This user may not use the Docker engine at /run/test.sock (EACCES). Put the user into the group "docker", or name a rootless engine with DOCKER_HOST.',
    ],
    [
      { statusCode: 409, json: { message: "it is in use" } },
      "The Docker engine at /run/test.sock did not do it: it is in use",
    ],
    [new Error("boom"), "The Docker engine at /run/test.sock did not do it: boom"],
  ])("that fails with %j says what to do", async (error, message) => {
    expect(await failing(error)).toMatchObject({ code: "runtime_failed", message });
  });

  test("that is refused can be told by its status", async () => {
    const error = await failing({ statusCode: 409 });
    expect([hasStatus(error, 404, 409), hasStatus(error, 404)]).toEqual([true, false]);
  });

  test("that takes too long is given up", async () => {
    const late = engine.call("do it", () => new Promise(() => {}), 20);
    await expect(late).rejects.toThrow(
      "The Docker engine at /run/test.sock did not do it within 20 ms. Is it well?",
    );
  });

  test("after the end is not made", async () => {
    const over = new DockerEngine({ socketPath: "/run/test.sock" });
    over.close();
    let made = false;
    const call = over.call("do it", async () => {
      made = true;
    });
    await expect(call).rejects.toMatchObject({ code: "closed" });
    expect(made).toBe(false);
  });
});
