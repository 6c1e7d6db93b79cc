import { describe, expect, test } from "vitest";
import { resolveOptions } from "../../src/options.ts";
import { blame, brokenState, type Death, type Occupant } from "../../src/pool/blame.ts";

const { limits } = resolveOptions({});

const running = (session: number): Occupant => ({ session, begun: true, executing: true });
const suspended = (session: number): Occupant => ({ session, begun: true, executing: false });
const fresh = (session: number): Occupant => ({ session, begun: false, executing: false });

function blamed(death: Death, occupants: readonly Occupant[]): readonly number[] {
  const states = blame(death, occupants, limits);
  expect([...states.keys()]).toEqual(occupants.map(({ session }) => session));
  return [...states].filter(([, state]) => state.blame === "block").map(([session]) => session);
}

const CRASH: Death = { kind: "crashed", how: "SIGABRT", heap: true };

describe("blame", () => {
  test.each<readonly [string, Death, readonly Occupant[], readonly number[]]>([
    ["a crash blames whoever alone was executing", CRASH, [running(1), suspended(2), fresh(3)], [1]],
    ["a crash with two executing blames nobody", CRASH, [running(1), running(2)], []],
    ["a crash with nobody executing blames nobody", CRASH, [suspended(1), fresh(2)], []],
    ["a violation is blamed as a crash is", { kind: "violated", what: "noise" }, [running(1), fresh(2)], [1]],
    ["memory is blamed on a heap that is alone", { kind: "memory" }, [running(1), fresh(2)], [1]],
    ["memory beside another heap blames nobody", { kind: "memory" }, [running(1), suspended(2)], []],
    [
      "a hang blames who hung, whoever else ran",
      { kind: "hung", sessions: new Set([2]) },
      [running(1), running(2)],
      [2],
    ],
    [
      "two that hung are both blamed",
      { kind: "hung", sessions: new Set([1, 2]) },
      [running(1), running(2)],
      [1, 2],
    ],
    ["what the engine ended blames nobody", { kind: "ended", why: "closed" }, [running(1)], []],
  ])("%s", (_, death, occupants, expected) => {
    expect(blamed(death, occupants)).toEqual(expected);
  });

  test.each<readonly [Death, string | undefined, string]>([
    [CRASH, "memoryMB", "128 MB"],
    [{ kind: "crashed", how: "SIGSEGV", heap: false }, undefined, "SIGSEGV"],
    [{ kind: "memory" }, "rssMB", "512 MB"],
    [{ kind: "hung", sessions: new Set([1]) }, "wallMs", "30000 ms"],
    [{ kind: "violated", what: "noise" }, undefined, "noise"],
  ])("%j names its limit and says what happened", (death, name, words) => {
    const state = blame(death, [running(1)], limits).get(1);
    expect(state?.limit?.name).toBe(name);
    expect(state?.message).toContain(words);
  });

  test("an isolate's own limits are told with value and unit", () => {
    expect(brokenState({ reason: "time", message: "" }, limits).limit).toEqual({
      name: "timeMs",
      value: 10_000,
      unit: "ms",
    });
    expect(brokenState({ reason: "memory", message: "" }, limits).limit).toEqual({
      name: "memoryMB",
      value: 128,
      unit: "MB",
    });
    expect(
      brokenState({ reason: "size", message: "an activation of 9 characters" }, limits).message,
    ).toContain("9 characters");
    expect(brokenState({ reason: "fault", message: "no activation" }, limits)).toMatchObject({
      blame: "block",
    });
  });
});
