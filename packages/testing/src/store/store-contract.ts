import type { ContractCheck } from "../contract/contract.ts";
import { refuseDriver } from "../contract/refuse-driver.ts";
import { appendChecks } from "./append-checks.ts";
import { blobChecks } from "./blob-checks.ts";
import { branchChecks } from "./branch-checks.ts";
import { closeChecks } from "./close-checks.ts";
import { contextChecks } from "./context-checks.ts";
import { inboxChecks } from "./inbox-checks.ts";
import type { StoreDriver } from "./store-driver.ts";

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
