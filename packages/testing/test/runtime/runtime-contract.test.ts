import { RLMError, type Runtime } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { describe, expect, test } from "vitest";
import { runtimeContract } from "../../src/runtime/runtime-contract.ts";
import type { RuntimeDriver } from "../../src/runtime/runtime-driver.ts";
import { javascriptCode } from "../../src/samples/sample-code.ts";
import { BROKEN_ACTIVATIONS } from "./broken-activations.ts";
import { BROKEN_DEATHS, kill, mortal } from "./broken-deaths.ts";
import { BROKEN_HANDLES } from "./broken-handles.ts";
import { BROKEN_LANGUAGES } from "./broken-languages.ts";
import { BROKEN_LIMITS } from "./broken-limits.ts";
import { BROKEN_REPLAYS } from "./broken-replays.ts";
import { BROKEN_SESSIONS } from "./broken-sessions.ts";
import { BROKEN_STATES } from "./broken-states.ts";
import { BROKEN_DECLARATIONS, BROKEN_TRANSPORTS } from "./broken-transports.ts";
import { type BrokenRuntime, changed } from "./changed-runtime.ts";

const BROKEN: readonly BrokenRuntime[] = [
  ...BROKEN_SESSIONS,
  ...BROKEN_ACTIVATIONS,
  ...BROKEN_STATES,
  ...BROKEN_LANGUAGES,
  ...BROKEN_HANDLES,
  ...BROKEN_REPLAYS,
  ...BROKEN_LIMITS,
  ...BROKEN_TRANSPORTS,
  ...BROKEN_DEATHS,
  ...BROKEN_DECLARATIONS,
];
const UNNAMED = "says what it is";

function driverOf(make: (good: Runtime) => Runtime, more: Partial<RuntimeDriver> = {}): RuntimeDriver {
  return { name: "local", make: () => make(localRuntime({ timeMs: 500 })), patienceMs: 1500, kill, ...more };
}

function unchanged(good: Runtime): Runtime {
  return good;
}

function unnamed(good: Runtime): Runtime {
  return changed(good, { name: "" });
}

/** Runs the check of this name. */
async function runCheck(driver: RuntimeDriver, name: string): Promise<void> {
  const check = runtimeContract(driver).find((one) => one.name === name);
  expect(check, `the check "${name}"`).toBeDefined();
  await check?.run();
}

describe("the contract takes a runtime that keeps it", () => {
  const driver: RuntimeDriver = { name: "local", make: () => localRuntime() };
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});

describe("the contract takes a runtime whose sandboxes can be killed", () => {
  const driver: RuntimeDriver = { name: "mortal", make: () => mortal(localRuntime()), kill };
  const checks = runtimeContract(driver).filter(({ name }) =>
    BROKEN_DEATHS.some(({ foundBy }) => foundBy.includes(name)),
  );
  for (const { name, run } of checks) test(name, run);
});

describe("the contract refuses a runtime that", () => {
  test.each(BROKEN)("$flaw", async ({ make, foundBy }) => {
    for (const name of foundBy) {
      await expect(runCheck(driverOf(make), name), name).rejects.toSatisfy((error) => RLMError.is(error));
    }
  });
});

test("every check refuses some runtime that is broken on purpose", () => {
  const proven = new Set(BROKEN.flatMap(({ foundBy }) => foundBy));
  const names = runtimeContract(driverOf(unchanged)).map(({ name }) => name);
  expect(names.filter((name) => !proven.has(name))).toEqual([]);
});

test("every broken runtime is refused by some check", () => {
  expect(BROKEN.filter(({ foundBy }) => foundBy.length === 0)).toEqual([]);
});

test("a language without programs leaves out the checks that need them", async () => {
  const language = { code: javascriptCode };
  const names = runtimeContract(driverOf(unchanged, { language })).map(({ name }) => name);
  expect(names).toContain("answers are taken in any order");
  expect(names).not.toContain("types are stripped");
});

test("a driver that cannot kill is asked nothing about deaths", () => {
  const names = (driver: RuntimeDriver): readonly string[] => runtimeContract(driver).map(({ name }) => name);
  const { kill: _, ...gentle } = driverOf(unchanged);
  const left = names(driverOf(unchanged)).filter((name) => !names(gentle).includes(name));
  expect(left).toHaveLength(5);
  expect(left.every((name) => name.includes("that die"))).toBe(true);
});

test.each([
  [undefined, "it is no record"],
  [{}, "name is missing; make is missing"],
  [{ name: "mine", make: 5 }, "make must be a function, not 5"],
  [
    { name: "mine", make: () => undefined, sessions: "a", patienceMs: -1, foo: 1 },
    'patienceMs must be above 0, not -1; sessions must be a number, not "a"; there is no foo',
  ],
])("%j is no driver", (driver, problems) => {
  expect(() => runtimeContract(driver as RuntimeDriver)).toThrow(
    `runtimeContract was given a driver it can't take: ${problems}.`,
  );
});

test.each<readonly [unknown, string]>([
  [undefined, "make gave undefined, and no runtime"],
  [{}, "make gave a runtime without open(), close(), protocol, name, language, isolation, replay"],
])("what make gives is looked at: %j", async (made, problem) => {
  const [first] = runtimeContract({ name: "mine", make: () => made as Runtime });
  await expect(first?.run()).rejects.toThrow(problem);
});

describe("an exception that a driver states", () => {
  const exceptions = { [UNNAMED]: "it has no name yet" };

  test("lets the check pass that fails", async () => {
    await expect(runCheck(driverOf(unnamed), UNNAMED)).rejects.toThrow("the name is empty");
    await runCheck(driverOf(unnamed, { exceptions }), UNNAMED);
  });

  test("is refused once the check no longer fails", async () => {
    await expect(runCheck(driverOf(unchanged, { exceptions }), UNNAMED)).rejects.toThrow(
      'The driver "local" states an exception from "says what it is", which no longer fails. Remove it.',
    );
  });

  test("is refused for a check that does not exist", () => {
    const stated = { "flies to the moon": "it is heavy" };
    expect(() => runtimeContract(driverOf(unchanged, { exceptions: stated }))).toThrow(
      'The driver "local" states exceptions from checks that do not exist: flies to the moon. Remove them.',
    );
  });

  test("is refused without a reason", () => {
    expect(() => runtimeContract(driverOf(unchanged, { exceptions: { [UNNAMED]: " " } }))).toThrow(
      'The driver "local" gives no reason for its exception from "says what it is".',
    );
  });
});
