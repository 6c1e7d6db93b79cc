import { expect, test } from "vitest";
import { resolveConnection } from "../../src/engine/docker-connection.ts";

test("what is given counts alone", () => {
  const environment = { DOCKER_HOST: "tcp://elsewhere:2376", SSH_AUTH_SOCK: "/run/agent" };
  const resolve = (given: Parameters<typeof resolveConnection>[0]) => resolveConnection(given, environment);
  expect(resolve({ socketPath: "/run/podman.sock" })).toMatchObject({
    options: { socketPath: "/run/podman.sock", host: undefined, protocol: "http" },
    protocol: "http",
    address: "/run/podman.sock",
  });
  expect(resolve({ host: "build", cert: "c", key: "k", ca: "a" })).toMatchObject({
    options: { host: "build", port: 2376, cert: "c", key: "k", ca: "a" },
    address: "https://build:2376",
  });
  expect(resolve({ host: "build", protocol: "ssh", username: "me" })).toMatchObject({
    options: { host: "build", port: 22, username: "me", sshOptions: { agent: "/run/agent" } },
    address: "ssh://build:22",
  });
});

test.each([
  [{}, "http", "its standard socket"],
  [{ DOCKER_HOST: "unix:///run/user/1000/docker.sock" }, "http", "unix:///run/user/1000/docker.sock"],
  [{ DOCKER_HOST: "tcp://build:2375" }, "http", "tcp://build:2375"],
  [{ DOCKER_HOST: "tcp://build:2375", DOCKER_TLS_VERIFY: "1" }, "https", "tcp://build:2375"],
  [{ DOCKER_HOST: "tcp://build:2376" }, "https", "tcp://build:2376"],
  [{ DOCKER_HOST: "ssh://me@build" }, "ssh", "ssh://me@build"],
])("%j is %s at %s", (environment, protocol, address) => {
  expect(resolveConnection(undefined, environment)).toEqual({ options: {}, protocol, address });
});

test.each(["garbage", "tcp://", "tcp://build", "tcp://build:notaport", "ftp://build:21", "ssh://"])(
  "the engine at %s is nowhere",
  (address) => {
    expect(() => resolveConnection(undefined, { DOCKER_HOST: address })).toThrow(
      `DOCKER_HOST is "${address}", which names no engine. Make it like unix:///var/run/docker.sock, tcp://host:2375 or ssh://user@host.`,
    );
  },
);
