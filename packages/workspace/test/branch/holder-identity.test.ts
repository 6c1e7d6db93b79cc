import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { holderWhereabouts, ownHolder, parseHolder } from "../../src/branch/holder-identity.ts";
import { startScript } from "../child-process.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("this process is running, under its own number and start alone", async () => {
  const own = ownHolder("n");
  expect(own).toMatchObject({ host: hostname(), pid: process.pid, nonce: "n" });
  expect(await holderWhereabouts(own)).toBe("running");
  expect(await holderWhereabouts({ ...own, host: "other" })).toBe("elsewhere");
  expect(await holderWhereabouts({ ...own, pid: 2 ** 22 + 1 })).toBe("gone");
  expect(parseHolder(JSON.stringify(own))).toEqual(own);
});

test("a number that another process has now counts as gone", async ({ skip }) => {
  if (!existsSync("/proc/self/stat")) return skip("this system does not say when a process started");
  expect(await holderWhereabouts({ ...ownHolder("n"), started: "another" })).toBe("gone");
});

test("a process that was killed is gone, also before anybody has waited for it", async () => {
  const script = startScript("hold-branch.ts", [await temporaryDirectory(), "none"]);
  const pid = script.process.pid ?? expect.fail("it did not start");
  const identity = { host: hostname(), pid, started: null, nonce: "n" };
  expect(await holderWhereabouts(identity)).toBe("running");
  script.process.kill("SIGKILL");
  await expect.poll(() => holderWhereabouts(identity), { timeout: 5000 }).toBe("gone");
});

test.each(["", "[]", "7", '{"host":"h"}', '{"host":"h","pid":0,"started":null,"nonce":"n"}'])(
  "%j names no process",
  (text) => {
    expect(parseHolder(text)).toBeNull();
  },
);
