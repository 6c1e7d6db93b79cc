import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import {
  decodeIdentity,
  isOwnSpace,
  markWhereabouts,
  ownIdentity,
  ownSpace,
  processMark,
  whereabouts,
} from "../../src/processes/index.ts";

const own = ownIdentity();
const hasProc = existsSync("/proc/self/stat");
const INITIAL = "pid:[4026531836]";

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? expect.fail("it did not start");
}

test("a process that lives runs, and can be written as JSON", () => {
  expect(whereabouts(own)).toBe("running");
  expect(decodeIdentity(JSON.parse(JSON.stringify(own)))).toEqual(own);
  expect(isOwnSpace(own.kernel)).toBe(true);
});

test("one that has ended is gone, and so is what its mark is on", async () => {
  const pid = await deadPid();
  expect(whereabouts({ ...own, pid })).toBe("gone");
  expect(markWhereabouts(processMark())).toBe("running");
  expect(markWhereabouts(processMark().replace(/^\d+/, String(pid)))).toBe("gone");
});

test.runIf(hasProc)("one whose number another process has now is gone", () => {
  expect(whereabouts({ ...own, started: "another" })).toBe("gone");
  expect(whereabouts({ ...own, started: null })).toBe("running");
});

test("of one on another machine nothing is known", () => {
  expect(whereabouts({ ...own, host: "elsewhere" })).toBe("elsewhere");
  expect(markWhereabouts(`${process.pid}-00000000`)).toBe("elsewhere");
  expect(markWhereabouts("")).toBe("elsewhere");
});

test.runIf(hasProc)(
  "of one in another namespace nothing is known, unless both are initial and it rebooted",
  () => {
    const { boot, namespace } = ownSpace();
    expect(whereabouts({ ...own, kernel: { boot, namespace: "pid:[1]" } })).toBe("elsewhere");
    const before = whereabouts({ ...own, kernel: { boot: "another", namespace: INITIAL } });
    expect(before).toBe(namespace === INITIAL ? "gone" : "elsewhere");
    expect(isOwnSpace({ boot: "another", namespace })).toBe(false);
    expect(isOwnSpace(undefined)).toBe(false);
  },
);

test.each([
  null,
  [],
  7,
  { host: "h" },
  { host: "h", pid: 0, started: null },
  { host: "h", pid: 1.5, started: null },
  { host: "h", pid: 1, started: 1 },
])("%j names no process", (value) => {
  expect(decodeIdentity(value)).toBeNull();
});
