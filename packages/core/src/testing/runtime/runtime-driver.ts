import { RLMError } from "../../errors.ts";
import type { Runtime } from "../../protocols/runtime.ts";
import type { ContractCheck } from "../contract.ts";
import { RuntimeRig } from "./runtime-rig.ts";
import type { LanguageSamples } from "./samples/language-samples.ts";

/** How the contract gets at the runtimes it examines. */
export interface RuntimeDriver {
  readonly name: string;
  /** A runtime for one check, which closes it. Give it tight limits: some checks go up to them. */
  make(): Promise<Runtime> | Runtime;
  /** Names of checks that this runtime fails, each with the reason. One that no longer fails is refused. */
  readonly exceptions?: Readonly<Record<string, string>>;
  /** Milliseconds within which a REPL opens, a turn comes, a REPL or runtime ends. Default 10,000. */
  readonly patienceMs?: number;
  /** The language that the REPLs speak; JavaScript unless given. */
  readonly language?: LanguageSamples;
}

/** What a check does with a runtime of its own. */
export type Examine = (rig: RuntimeRig) => Promise<void>;

/** Checks by name. */
export type RuntimeChecks = Readonly<Record<string, Examine>>;

/** The checks as the driver has them, stated exceptions turned round. Throws `invalid_options`. */
export function runtimeChecks(driver: RuntimeDriver, checks: RuntimeChecks): readonly ContractCheck[] {
  const exceptions = driver.exceptions ?? {};
  for (const fault of faultsOf(driver, exceptions, checks)) throw new RLMError("invalid_options", fault);
  return Object.entries(checks).map(([name, examine]) => ({
    name,
    run: async () => {
      if (!Object.hasOwn(exceptions, name)) return examineOne(driver, examine);
      await ensureStillFails(driver, name, examine);
    },
  }));
}

function faultsOf(
  { name }: RuntimeDriver,
  exceptions: Readonly<Record<string, string>>,
  checks: RuntimeChecks,
): readonly string[] {
  const unknown = Object.keys(exceptions).filter((check) => !Object.hasOwn(checks, check));
  const bare = Object.keys(exceptions).filter((check) => exceptions[check]?.trim() === "");
  const list = unknown.join("; ");
  return [
    ...(unknown.length === 0
      ? []
      : [`The driver "${name}" states exceptions from checks that do not exist: ${list}. Remove them.`]),
    ...bare.map((check) => `The driver "${name}" gives no reason for its exception from "${check}".`),
  ];
}

async function ensureStillFails(driver: RuntimeDriver, name: string, examine: Examine): Promise<void> {
  const failed = await examineOne(driver, examine).then(
    () => false,
    () => true,
  );
  if (failed) return;
  const message = `The runtime no longer fails "${name}": remove the exception that "${driver.name}" states.`;
  throw new RLMError("protocol_violation", message);
}

/** What goes wrong at the end is told only where nothing went wrong before. */
async function examineOne(driver: RuntimeDriver, examine: Examine): Promise<void> {
  const rig = await RuntimeRig.make(driver);
  try {
    await examine(rig);
  } catch (error) {
    await rig.close().catch(() => {});
    throw error;
  }
  await rig.close();
}
