import { RLMError } from "@rlmflow/core";
import type { ContractCheck } from "./contract.ts";

/** Names of checks that a driver's subject fails, each with the reason. */
export type StatedExceptions = Readonly<Record<string, string>>;

/**
 * The checks, those with an exception turned round: one that no longer fails is refused. `driver` begins the
 * messages, for example `The driver "local"`. Throws `invalid_options` when an exception is from a check that does
 * not exist, or gives no reason.
 */
export function withExceptions(
  checks: readonly ContractCheck[],
  exceptions: StatedExceptions,
  driver: string,
): readonly ContractCheck[] {
  const names = new Set(checks.map(({ name }) => name));
  const unknown = Object.keys(exceptions).filter((name) => !names.has(name));
  if (unknown.length > 0) {
    const list = unknown.join("; ");
    throw faulty(`${driver} states exceptions from checks that do not exist: ${list}. Remove them.`);
  }
  for (const [name, reason] of Object.entries(exceptions)) {
    if (reason.trim() === "") throw faulty(`${driver} gives no reason for its exception from "${name}".`);
  }
  return checks.map((check) =>
    Object.hasOwn(exceptions, check.name)
      ? { name: check.name, run: () => ensureStillFails(check, driver) }
      : check,
  );
}

async function ensureStillFails({ name, run }: ContractCheck, driver: string): Promise<void> {
  const failed = await run().then(
    () => false,
    () => true,
  );
  if (failed) return;
  const message = `${driver} states an exception from "${name}", which no longer fails. Remove it.`;
  throw new RLMError("protocol_violation", message);
}

function faulty(message: string): RLMError {
  return new RLMError("invalid_options", message);
}
