import { describe, expect, test } from "vitest";
import { availableMB } from "../../src/pool/available-memory.ts";

const MEMINFO = "MemTotal:       16384000 kB\nMemFree:          100000 kB\nMemAvailable:    8192000 kB\n";

/** Megabytes as availableMB sees them where only these files exist. */
function available(files: Readonly<Record<string, string>>): number | null {
  return availableMB((path) => files[path] ?? null);
}

const bytes = (megabytes: number): string => `${megabytes * 2 ** 20}\n`;

describe("available memory", () => {
  test("is unknown where there is no /proc, as on macOS", () => {
    expect(available({})).toBeNull();
    expect(available({ "/proc/meminfo": "MemTotal: 5 kB\n" })).toBeNull();
  });

  test("is what the machine has where no control group limits it", () => {
    expect(available({ "/proc/meminfo": MEMINFO })).toBe(8000);
    expect(
      available({
        "/proc/meminfo": MEMINFO,
        "/proc/self/cgroup": "0::/user.slice\n",
        "/sys/fs/cgroup/user.slice/memory.max": "max\n",
        "/sys/fs/cgroup/user.slice/memory.current": bytes(500),
      }),
    ).toBe(8000);
  });

  test("is what the control group leaves, with the file caches that can be dropped", () => {
    expect(
      available({
        "/proc/meminfo": MEMINFO,
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/memory.max": bytes(1000),
        "/sys/fs/cgroup/memory.current": bytes(700),
        "/sys/fs/cgroup/memory.stat": `anon 5\ninactive_file ${200 * 2 ** 20}\nactive_file 7\n`,
      }),
    ).toBe(500);
  });

  test("is the least of all groups above, and never negative", () => {
    const files = {
      "/proc/meminfo": MEMINFO,
      "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/b/memory.current": bytes(1),
      "/sys/fs/cgroup/a/memory.max": bytes(300),
      "/sys/fs/cgroup/a/memory.current": bytes(100),
    };
    expect(available(files)).toBe(200);
    expect(available({ ...files, "/sys/fs/cgroup/a/memory.current": bytes(400) })).toBe(0);
  });

  test("is read of the first version of control groups too", () => {
    expect(
      available({
        "/proc/meminfo": MEMINFO,
        "/proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/1\n",
        "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": bytes(600),
        "/sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes": bytes(500),
        "/sys/fs/cgroup/memory/docker/1/memory.stat": `total_inactive_file ${50 * 2 ** 20}\n`,
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": bytes(1),
      }),
    ).toBe(150);
  });

  test("does not depend on files that make no sense", () => {
    expect(
      available({
        "/proc/meminfo": MEMINFO,
        "/proc/self/cgroup": "0::/../../other\nnot a line\n",
        "/sys/fs/cgroup/memory.max": "soon\n",
        "/sys/fs/cgroup/memory.current": "",
      }),
    ).toBe(8000);
  });
});
