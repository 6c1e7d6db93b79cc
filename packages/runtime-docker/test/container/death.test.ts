import { describe, expect, test } from "vitest";
import { death, type Remains } from "../../src/container/death.ts";

const remains: Remains = {
  exitCode: 137,
  oomKilled: false,
  errors: "",
  shared: false,
  greeted: true,
  memoryMB: 256,
  program: "node",
};
const memory = { name: "memoryMB", value: 256, unit: "MB" };
const heap = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";

describe("a death", () => {
  test.each<readonly [string, Partial<Remains>, object]>([
    ["by the kernel, for memory", { oomKilled: true }, { limit: memory }],
    ["by V8, for its heap", { exitCode: 134, errors: heap }, { limit: memory }],
    ["by V8 on another way down", { exitCode: 139, errors: heap }, { limit: memory }],
    ["by the kernel, for memory that was shared", { oomKilled: true, shared: true }, { blame: "none" }],
    ["from outside", {}, { blame: "none" }],
    ["that nobody saw", { exitCode: null }, { blame: "none" }],
    ["of a signal that others may have sent", { exitCode: 143, shared: true }, { blame: "none" }],
    ["of a signal of its own", { exitCode: 143 }, { exitCode: 143 }],
    ["before it was up, among others", { exitCode: 126, shared: true, greeted: false }, { blame: "none" }],
    ["of an exit, among others", { exitCode: 3, shared: true }, { exitCode: 3 }],
    ["that only claims to be one of memory", { exitCode: 1, errors: heap }, { exitCode: 1 }],
  ])("%s", (_, changes, details) => {
    const error = death({ ...remains, ...changes });
    expect(error.code).toBe("sandbox_lost");
    expect(error.details).toMatchObject(details);
    expect("blame" in error.details).toBe("blame" in details);
    expect("limit" in error.details).toBe("limit" in details);
  });

  test("of a program that could not be started names it", () => {
    expect(death({ ...remains, exitCode: null, greeted: false, errors: "exec failed" }).message).toBe(
      "The program in the container ended before it was ready. Does the image have the program node? It said: exec failed",
    );
    expect(death({ ...remains, exitCode: 127, greeted: false }).message).toBe(
      "The program in the container ended with exit code 127. Does the image have the program node?",
    );
  });

  test("before the REPL is up tells what the program said, after it nothing that code may have said", () => {
    const early = { ...remains, exitCode: 1, errors: "Cannot find module", greeted: false };
    expect(death(early).message).toBe(
      "The program in the container ended with exit code 1. It said: Cannot find module",
    );
    expect(death({ ...early, greeted: true }).message).toBe(
      "The program in the container ended with exit code 1.",
    );
  });
});
