import type { ContractCheck } from "../contract/contract.ts";
import { activationChecks } from "./activation-checks.ts";
import { blockChecks } from "./block-checks.ts";
import { contextChecks } from "./context-checks.ts";
import { deathChecks } from "./death-checks.ts";
import { declarationChecks } from "./declaration-checks.ts";
import { endChecks } from "./end-checks.ts";
import { handleChecks } from "./handle-checks.ts";
import { limitChecks } from "./limit-checks.ts";
import { repeatChecks } from "./repeat-checks.ts";
import { type RuntimeChecks, type RuntimeDriver, refuseFaulty, runtimeChecks } from "./runtime-driver.ts";
import { sessionChecks } from "./session-checks.ts";
import { transportChecks } from "./transport-checks.ts";
import { valueChecks } from "./value-checks.ts";

const EVERY_LANGUAGE: RuntimeChecks = { ...sessionChecks, ...endChecks, ...activationChecks };

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
