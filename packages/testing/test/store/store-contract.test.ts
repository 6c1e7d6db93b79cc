import { memoryStores } from "@rlmflow/core";
import type { RunStores } from "@rlmflow/core/store";
import { describe, expect, test } from "vitest";
import { withInboxes } from "../../../core/test/engine/memory-inbox.ts";
import { refusals } from "../../src/contract/contract.ts";
import { fixedEnvironment } from "../../src/fixed-environment.ts";
import { storeContract } from "../../src/store/store-contract.ts";
import type { StoreDriver, StorePlace } from "../../src/store/store-driver.ts";
import { BROKEN_STORES } from "./broken-stores.ts";

function inMemory(flaw: (good: RunStores) => RunStores): StoreDriver {
  return {
    name: "memory",
    async open() {
      const stores = flaw(memoryStores(fixedEnvironment().digest));
      return { stores, reopen: async () => stores, dispose: async () => undefined };
    },
  };
}

describe("the memory store keeps the contract", () => {
  for (const { name, run } of storeContract(inMemory((good) => good))) test(name, run);
});

describe("a store with an inbox keeps the contract", () => {
  for (const { name, run } of storeContract(inMemory((good) => withInboxes(good)))) test(name, run);
});

describe("the contract refuses a store that", () => {
  test.each(BROKEN_STORES)("$flaw", async ({ make, foundBy }) => {
    expect(await refusals(storeContract, inMemory(make))).toContain(foundBy);
  });
});

test("the checks have names of their own", () => {
  const names = storeContract(inMemory((good) => good)).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test.each([
  [undefined, "it is no record"],
  [{ open: "here", make: 1 }, 'name is missing; open must be a function, not "here"; there is no make'],
])("%j is no driver", (driver, problems) => {
  expect(() => storeContract(driver as unknown as StoreDriver)).toThrow(
    `storeContract was given a driver it can't take: ${problems}.`,
  );
});

test.each<readonly [unknown, string]>([
  [null, "open gave null, and no place"],
  [{ reopen: async () => ({}), dispose: async () => {} }, "open gave undefined, and no record of stores"],
])("what open gives is looked at: %j", async (place, problem) => {
  const [first] = storeContract({ name: "mine", open: async () => place as StorePlace });
  await expect(first?.run()).rejects.toThrow(problem);
});
