import type { ContractCheck } from "./contract.ts";
import { blockChecks } from "./runtime/block-checks.ts";
import { contextChecks } from "./runtime/context-checks.ts";
import { deathChecks } from "./runtime/death-checks.ts";
import { declarationChecks } from "./runtime/declaration-checks.ts";
import { endChecks } from "./runtime/end-checks.ts";
import { handleChecks } from "./runtime/handle-checks.ts";
import { limitChecks } from "./runtime/limit-checks.ts";
import { repeatChecks } from "./runtime/repeat-checks.ts";
import {
  type RuntimeChecks,
  type RuntimeDriver,
  refuseFaulty,
  runtimeChecks,
} from "./runtime/runtime-driver.ts";
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
  ...declarationChecks,
};

/**
 * What every runtime keeps to, as stated in `protocols/runtime.ts`, and what a REPL is to its model. Each check gets a
 * runtime of its own from the driver and closes it. What becomes of REPLs that die is checked only where the driver
 * has `kill`. Throws `invalid_options` for a driver that is none, or an exception from a check that does not exist.
 */
export function runtimeContract(driver: RuntimeDriver): readonly ContractCheck[] {
  refuseFaulty(driver);
  const hasPrograms = driver.language === undefined || driver.language.programs !== undefined;
  const checks = hasPrograms ? { ...EVERY_LANGUAGE, ...WITH_PROGRAMS } : EVERY_LANGUAGE;
  return runtimeChecks(
    driver,
    hasPrograms && driver.kill !== undefined ? { ...checks, ...deathChecks } : checks,
  );
}
