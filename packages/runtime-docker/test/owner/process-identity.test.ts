import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isGone, ownIdentity, parseIdentity } from "../../src/owner/process-identity.ts";

const own = ownIdentity();

test("a process that lives is not gone", () => {
  expect(isGone(own)).toBe(false);
  expect(parseIdentity(JSON.stringify(own))).toEqual(own);
});

test("one that has ended is gone", async () => {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  expect(isGone({ ...own, pid: child.pid ?? 0 })).toBe(true);
});

test.skipIf(own.started === "")("one whose number another process has now is gone", () => {
  expect(isGone({ ...own, started: "1" })).toBe(true);
});

test("of one on another machine, in another boot or namespace nothing is known", () => {
  expect(isGone({ ...own, host: "elsewhere", pid: 2 ** 22 })).toBe(false);
  expect(isGone({ ...own, space: "another boot", pid: 2 ** 22 })).toBe(false);
});

test.each(["", "{", "[]", "null", '{"host":"a"}', '{"host":"a","space":"","pid":-1,"started":""}'])(
  "%j is no identity",
  (text) => {
    expect(parseIdentity(text)).toBe(null);
  },
);
