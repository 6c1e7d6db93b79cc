import { expect, test } from "vitest";
import type { DockerRuntimeOptions } from "../src/index.ts";
import { dockerRuntime } from "../src/index.ts";
import { resolveOptions } from "../src/resolve-options.ts";

test("a shared container has room for several agents unless told otherwise", () => {
  expect(resolveOptions()).toMatchObject({ share: "agent", memoryMB: 512, pids: 128 });
  expect(resolveOptions({ share: "run" })).toMatchObject({
    memoryMB: 2048,
    pids: 512,
    agentsPerContainer: 8,
  });
  expect(resolveOptions({ share: "run", memoryMB: 900 })).toMatchObject({ memoryMB: 900 });
});

test("mounts are read-only unless they are said to be written to", () => {
  const mounts = [
    { hostPath: "/srv/a", containerPath: "/a" },
    { hostPath: "/srv/b", containerPath: "/b", readOnly: false },
  ];
  expect(resolveOptions({ mounts }).mounts.map(({ readOnly }) => readOnly)).toEqual([true, false]);
});

const WRONG: readonly (readonly [string, unknown, string])[] = [
  ["a misspelt name", { memory: 512 }, "there is no memory"],
  ["a share of no kind", { share: "all" }, 'share must be "agent" or "run", not "all"'],
  ["no image", { image: "" }, 'image must be the name of an image, for example "node:24-slim", not ""'],
  [
    "too little memory",
    { memoryMB: 8, tmpMB: 4 },
    "memoryMB must be a whole number of megabytes from 64 to 1048576, not 8",
  ],
  [
    "a text as a number",
    { pids: "128" },
    'pids must be a whole number of processes from 16 to 65536, not "128"',
  ],
  ["no cores", { cpus: 0 }, "cpus must be a number of cores from 0.01 to 1024, not 0"],
  [
    "no time",
    { times: { openMs: 0 } },
    "times.openMs must be a whole number of milliseconds from 100 to 7200000, not 0",
  ],
  [
    "a wall before the time of code",
    { times: { wallMs: 5_000 } },
    "times.wallMs (5000) must not be below timeMs (10000)",
  ],
  [
    "a /tmp above the memory",
    { tmpMB: 600 },
    "tmpMB (600) must not be above memoryMB (512), which it is part of",
  ],
  [
    "a relative folder",
    { mounts: [{ hostPath: "data", containerPath: "/data" }] },
    'mounts[0].hostPath must be an absolute path, not "data"',
  ],
  [
    "a relative place",
    { mounts: [{ hostPath: "/data", containerPath: "data" }] },
    'mounts[0].containerPath must be an absolute path, not "data"',
  ],
  [
    "the place of the program",
    { mounts: [{ hostPath: "/data", containerPath: "/rlmflow/" }] },
    'mounts[0].containerPath ("/rlmflow/") is a place that the container needs itself',
  ],
  [
    "a place twice",
    {
      mounts: [
        { hostPath: "/a", containerPath: "/data" },
        { hostPath: "/b", containerPath: "/data" },
      ],
    },
    'mounts[1].containerPath ("/data") is there twice',
  ],
  [
    "a mount as a text",
    { mounts: ["/a:/b"] },
    'mounts[0] must be a record with hostPath and containerPath, not "/a:/b"',
  ],
  ["half a mount", { mounts: [{ hostPath: "/a" }] }, "mounts[0].containerPath is missing"],
  [
    "a name that is none of an image",
    { image: "BAD NAME!" },
    'image must be the name of an image, for example "node:24-slim", not "BAD NAME!"',
  ],
  ["a time of no name", { times: { closeMs: 1 } }, "there is no times.closeMs"],
  ["a limit of no name", { limits: { outputt: 3 } }, "there is no limits.outputt"],
  [
    "an environment as a list",
    { environment: ["A=b"] },
    "environment must be a record of texts by name, not a list",
  ],
  ["a variable that is no text", { environment: { A: 1 } }, "environment.A must be a text, not 1"],
  [
    "an address as a text",
    { docker: "unix:///var/run/docker.sock" },
    'docker must be a record with socketPath, or with host and what goes with it, not "unix:///var/run/docker.sock"',
  ],
  [
    "an address of nothing",
    { docker: {} },
    "docker must be a record with socketPath, or with host and what goes with it, not a record",
  ],
  [
    "a URL as a path",
    { docker: { socketPath: "unix:///x" } },
    'docker.socketPath must be the absolute path of a socket or a named pipe, not "unix:///x"',
  ],
  [
    "a port of none",
    { docker: { host: "a", port: 0 } },
    "docker.port must be a whole number from 1 to 65535, not 0",
  ],
  [
    "a language by name",
    { language: "python" },
    'language must be a language: javascriptLanguage of @rlmflow/repl, or pythonLanguage of @rlmflow/repl-python, not "python"',
  ],
  [
    "a socket with what goes with a host",
    { docker: { socketPath: "/run/docker.sock", port: 2375 } },
    "docker must be a record of socketPath alone, or of host and what goes with it, not a record",
  ],
  [
    "a number of agents where none share",
    { agentsPerContainer: 3 },
    'agentsPerContainer (3) has no effect without share: "run"',
  ],
  ["a label of ours", { labels: { "rlmflow.nonce": "x" } }, "labels.rlmflow.nonce is one of rlmflow's own"],
  ["a flag as a text", { init: "yes" }, 'init must be true or false, not "yes"'],
];

test.each(WRONG)("refuses %s", (_, options, says) => {
  expect(() => dockerRuntime(options as DockerRuntimeOptions)).toThrow(
    `dockerRuntime was given options it can't take: ${says}.`,
  );
});

test("names everything that is wrong at once", () => {
  expect(() => resolveOptions({ image: "", warm: -1, cpus: Number.NaN })).toThrow(
    /image must be .* not ""; warm must be .* not -1; cpus must be .* not NaN\.$/,
  );
});
