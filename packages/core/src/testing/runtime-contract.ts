import type { ContractCheck } from "./contract.ts";
import { blockChecks } from "./runtime/block-checks.ts";
import { contextChecks } from "./runtime/context-checks.ts";
import { deathChecks } from "./runtime/death-checks.ts";
import { declarationChecks } from "./runtime/declaration-checks.ts";
import { endChecks } from "./runtime/end-checks.ts";
import { handleChecks } from "./runtime/handle-checks.ts";
import { limitChecks } from "./runtime/limit-checks.ts";
import { repeatChecks } from "./runtime/repeat-checks.ts";
import { type RuntimeChecks, type RuntimeDriver, runtimeChecks } from "./runtime/runtime-driver.ts";
import { sessionChecks } from "./runtime/session-checks.ts";
import { transportChecks } from "./runtime/transport-checks.ts";
import { turnChecks } from "./runtime/turn-checks.ts";
import { valueChecks } from "./runtime/value-checks.ts";

const EVERY_LANGUAGE: RuntimeChecks = { ...sessionChecks, ...endChecks, ...turnChecks };

const WITH_PROGRAMS: RuntimeChecks = {
  ...blockChecks,
  ...valueChecks,
  ...handleChecks,
  ...contextChecks,
  ...repeatChecks,
  ...limitChecks,
  ...transportChecks,
  ...deathChecks,
  ...declarationChecks,
};

/**
 * What every runtime keeps to, as stated in `protocols/runtime.ts`, and what a REPL is to its model. Each check gets a runtime of its own from the driver and closes it. Throws `invalid_options` when
 * the driver states an exception from a check that does not exist.
 */
export function runtimeContract(driver: RuntimeDriver): readonly ContractCheck[] {
  const hasPrograms = driver.language === undefined || driver.language.programs !== undefined;
  const checks = hasPrograms ? { ...EVERY_LANGUAGE, ...WITH_PROGRAMS } : EVERY_LANGUAGE;
  return runtimeChecks(driver, checks);
}
