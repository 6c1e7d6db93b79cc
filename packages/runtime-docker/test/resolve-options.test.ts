import { expect, test } from "vitest";
import type { DockerRuntimeOptions } from "../src/index.ts";
import { dockerRuntime } from "../src/index.ts";
import { resolveOptions } from "../src/resolve-options.ts";

test("a shared container has room for several agents unless told otherwise", () => {
  expect(resolveOptions()).toMatchObject({ share: "agent", memoryMB: 512, pids: 128 });
  expect(resolveOptions({ share: "run" })).toMatchObject({ memoryMB: 2048, pids: 512 });
  expect(resolveOptions({ share: "run", memoryMB: 900 })).toMatchObject({ memoryMB: 900 });
});

test("mounts are read-only unless they are said to be written to", () => {
  const mounts = [
    { hostPath: "/srv/a", containerPath: "/a" },
    { hostPath: "/srv/b", containerPath: "/b", readOnly: false },
  ];
  expect(resolveOptions({ mounts }).mounts.map(({ readOnly }) => readOnly)).toEqual([true, false]);
});

const WRONG: readonly (readonly [string, DockerRuntimeOptions | Record<string, unknown>, string])[] = [
  ["a misspelt name", { memory: 512 }, "there is no memory"],
  ["a share of no kind", { share: "all" }, 'share must be "agent" or "run", not "all"'],
  ["no image", { image: "" }, "image must name an image"],
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
    'mounts: hostPath "data" is not absolute',
  ],
  [
    "a relative place",
    { mounts: [{ hostPath: "/data", containerPath: "data" }] },
    'mounts: containerPath "data" is not absolute',
  ],
  [
    "the place of the program",
    { mounts: [{ hostPath: "/data", containerPath: "/rlmflow/" }] },
    'mounts: containerPath "/rlmflow/" is taken',
  ],
  [
    "a place twice",
    {
      mounts: [
        { hostPath: "/a", containerPath: "/data" },
        { hostPath: "/b", containerPath: "/data" },
      ],
    },
    'mounts: containerPath "/data" is there twice',
  ],
];

test.each(WRONG)("refuses %s", (_, options, says) => {
  expect(() => dockerRuntime(options)).toThrow(`dockerRuntime was given options it can't take: ${says}.`);
});

test("names everything that is wrong at once", () => {
  expect(() => resolveOptions({ image: "", warm: -1, cpus: Number.NaN })).toThrow(
    /warm must be .* not -1; cpus must be .* not NaN; image must name an image\.$/,
  );
});
