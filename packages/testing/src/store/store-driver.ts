import type { RunStores } from "@rlmflow/core/store";
import { type ContractCheck, within } from "../contract/contract.ts";
import { ensureGave } from "../contract/refuse-driver.ts";

/** How the contract gets at the stores it examines. */
export interface StoreDriver {
  readonly name: string;
  /** A fresh place in which no run is kept. */
  open(): Promise<StorePlace>;
}

/** One place where runs are kept. */
export interface StorePlace {
  readonly stores: RunStores;
  /** The same place as a new process would open it; every store that was open before is closed by then. */
  reopen(): Promise<RunStores>;
  /** Called once at the end of a check, whatever became of it. */
  dispose(): Promise<void>;
}

const CHECK_LIMIT_MS = 10_000;

/** A check that runs in a fresh place of the driver. */
export function placeCheck(
  driver: StoreDriver,
  name: string,
  examine: (place: StorePlace) => Promise<void>,
): ContractCheck {
  return {
    name,
    async run() {
      const place = await driver.open();
      ensureGave("open", "place", place, ["reopen", "dispose"]);
      try {
        ensureGave("open", "record of stores", place.stores, ["openRun"]);
        await within(CHECK_LIMIT_MS, name, examine(place));
      } finally {
        await place.dispose();
      }
    },
  };
}
