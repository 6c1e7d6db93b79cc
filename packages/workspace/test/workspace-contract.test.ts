import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StoreDriver, storeContract } from "@rlmflow/testing";
import { describe, test } from "vitest";
import { type Durability, openWorkspace } from "../src/index.ts";

function onDisk(durability: Durability): StoreDriver {
  return {
    name: `workspace, ${durability}`,
    async open() {
      const directory = await mkdtemp(join(tmpdir(), "rlmflow contract "));
      let workspace = await openWorkspace(directory, { durability });
      return {
        stores: workspace,
        async reopen() {
          await workspace.close();
          workspace = await openWorkspace(directory, { durability });
          return workspace;
        },
        async dispose() {
          await workspace.close();
          await rm(directory, { recursive: true, force: true });
        },
      };
    },
  };
}

describe.each<Durability>(["flush", "fsync"])(
  "the workspace with durability %s keeps the contract",
  (durability) => {
    for (const { name, run } of storeContract(onDisk(durability))) test(name, run);
  },
);
