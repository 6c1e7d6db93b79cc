import type { ContractCheck } from "./contract.ts";
import { refuseDriver } from "./refuse-driver.ts";
import { appendChecks } from "./store/append-checks.ts";
import { blobChecks } from "./store/blob-checks.ts";
import { branchChecks } from "./store/branch-checks.ts";
import { closeChecks } from "./store/close-checks.ts";
import { contextChecks } from "./store/context-checks.ts";
import { inboxChecks } from "./store/inbox-checks.ts";
import type { StoreDriver } from "./store/store-driver.ts";

/**
 * What every store keeps to, as stated in `protocols/store.ts`. Each check gets an empty place of its own
 * from the driver and gives it back. Throws `invalid_options` for a driver that is none.
 */
export function storeContract(driver: StoreDriver): readonly ContractCheck[] {
  refuseDriver("storeContract", driver, {
    name: { kind: "string", required: true },
    open: { kind: "function", required: true },
  });
  return [
    ...appendChecks(driver),
    ...branchChecks(driver),
    ...blobChecks(driver),
    ...contextChecks(driver),
    ...closeChecks(driver),
    ...inboxChecks(driver),
  ];
}
