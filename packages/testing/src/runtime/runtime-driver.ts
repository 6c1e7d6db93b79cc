import type { Runtime } from "@rlmflow/core";
import type { ReplSession } from "@rlmflow/core/driver";
import type { ContractCheck } from "../contract/contract.ts";
import { type DriverProperty, refuseDriver } from "../contract/refuse-driver.ts";
import { type StatedExceptions, withExceptions } from "../contract/stated-exceptions.ts";
import type { LanguageSamples } from "../samples/language-samples.ts";
import { RuntimeRig } from "./runtime-rig.ts";

/** How the contract gets at the runtimes it examines. */
export interface RuntimeDriver {
  readonly name: string;
  /** A runtime for one check, which closes it. Give it tight limits: some checks go up to them. */
  make(): Promise<Runtime> | Runtime;
  /** Names of checks that this runtime fails, each with the reason. One that no longer fails is refused. */
  readonly exceptions?: StatedExceptions;
  /** Milliseconds within which a REPL opens, an activation comes, a REPL or runtime ends. Default 10,000. */
  readonly patienceMs?: number;
  /** REPLs that the check of leaks opens, a few at a time. Default 40; state 200 where that takes seconds. */
  readonly sessions?: number;
  /**
   * Ends the sandbox of a session from outside, as the operating system would. Checks of what becomes of its REPL
   * are made only where it is given. The session is one that `make` gave.
   */
  kill?(session: ReplSession): Promise<void>;
  /** The language that the REPLs speak; JavaScript unless given. */
  readonly language?: LanguageSamples;
}

const AWAKE_MS = 1000;

/** What a check does with a runtime of its own. */
export type Examine = (rig: RuntimeRig) => Promise<void>;

/** Checks by name. */
export type RuntimeChecks = Readonly<Record<string, Examine>>;

const DRIVER: Readonly<Record<keyof RuntimeDriver, DriverProperty>> = {
  name: { kind: "string", required: true },
  make: { kind: "function", required: true },
  exceptions: { kind: "object" },
  patienceMs: { kind: "number" },
  sessions: { kind: "number" },
  kill: { kind: "function" },
  language: { kind: "object" },
};

/** Throws `invalid_options` naming everything by which this is no driver. */
export function refuseFaulty(driver: RuntimeDriver): void {
  refuseDriver("runtimeContract", driver, DRIVER);
}

/** The checks as the driver has them, stated exceptions turned round. Throws `invalid_options`. */
export function runtimeChecks(driver: RuntimeDriver, checks: RuntimeChecks): readonly ContractCheck[] {
  const own = Object.entries(checks).map(([name, examine]) => ({
    name,
    run: () => examineOne(driver, examine),
  }));
  return withExceptions(own, driver.exceptions ?? {}, `The driver "${driver.name}"`);
}

/** What goes wrong at the end is told only where nothing went wrong before. */
async function examineOne(driver: RuntimeDriver, examine: Examine): Promise<void> {
  // A process whose only handles are a runtime's unreferenced ones would end in the middle, without a verdict.
  const awake = setInterval(() => {}, AWAKE_MS);
  try {
    await examineRig(driver, examine);
  } finally {
    clearInterval(awake);
  }
}

async function examineRig(driver: RuntimeDriver, examine: Examine): Promise<void> {
  const rig = await RuntimeRig.make(driver);
  try {
    await examine(rig);
  } catch (error) {
    await rig.close().catch(() => {});
    throw error;
  }
  await rig.close();
}
