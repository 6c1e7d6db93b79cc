import { RLMError } from "../../errors.ts";
import type { ReplSession, Runtime } from "../../protocols/runtime.ts";
import type { ContractCheck } from "../contract.ts";
import { type StatedExceptions, withExceptions } from "../stated-exceptions.ts";
import { RuntimeRig } from "./runtime-rig.ts";
import type { LanguageSamples } from "./samples/language-samples.ts";

/** How the contract gets at the runtimes it examines. */
export interface RuntimeDriver {
  readonly name: string;
  /** A runtime for one check, which closes it. Give it tight limits: some checks go up to them. */
  make(): Promise<Runtime> | Runtime;
  /** Names of checks that this runtime fails, each with the reason. One that no longer fails is refused. */
  readonly exceptions?: StatedExceptions;
  /** Milliseconds within which a REPL opens, a turn comes, a REPL or runtime ends. Default 10,000. */
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

const DRIVER: Readonly<Record<keyof RuntimeDriver, string>> = {
  name: "string",
  make: "function",
  exceptions: "object",
  patienceMs: "number",
  sessions: "number",
  kill: "function",
  language: "object",
};

/** Throws `invalid_options` naming everything by which this is no driver. */
export function refuseFaulty(driver: RuntimeDriver): void {
  const given: unknown = driver;
  const problems = typeof given === "object" && given !== null ? faultsOf(given) : ["it is no record"];
  if (problems.length === 0) return;
  const message = `runtimeContract was given a driver it can't take: ${problems.join("; ")}.`;
  throw new RLMError("invalid_options", message);
}

function faultsOf(driver: object): readonly string[] {
  const unknown = Object.keys(driver).filter((name) => !Object.hasOwn(DRIVER, name));
  const faults = Object.entries(DRIVER).flatMap(([name, kind]) => {
    const value: unknown = Reflect.get(driver, name);
    if (value === undefined) return name === "name" || name === "make" ? [`${name} is missing`] : [];
    if (typeof value !== kind)
      return [`${name} must be a ${kind}, not ${JSON.stringify(value) ?? typeof value}`];
    return typeof value === "number" && !(value > 0) ? [`${name} must be above 0, not ${value}`] : [];
  });
  return [...faults, ...unknown.map((name) => `there is no ${name}`)];
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
