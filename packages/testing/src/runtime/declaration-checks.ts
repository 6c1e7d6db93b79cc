import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensure, ensureEqual } from "../contract/contract.ts";
import type { Reached } from "../samples/sample-programs.ts";
import { ensureEnded, parseLine } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

/** What a runtime says of itself, held against what code can reach in it the ordinary way. */
export const declarationChecks: RuntimeChecks = {
  "its isolation is what code finds: another process, without this one's environment": isIsolated,
  "its replay is exact only where code reaches no files": isRepeatable,
  "its language names the engine that runs the code": namesEngine,
};

const VARIABLE = "RLMFLOW_CONTRACT_SECRET";
const SECRET = "not for code";

/** What code finds of this process while a secret lies in its environment, on its globalThis and in a file. */
async function reached(rig: RuntimeRig): Promise<Reached> {
  const folder = mkdtempSync(join(tmpdir(), "rlmflow-contract-"));
  const file = join(folder, "secret");
  writeFileSync(file, SECRET);
  process.env[VARIABLE] = SECRET;
  Object.defineProperty(globalThis, VARIABLE, { value: SECRET, configurable: true });
  const own = await rig.another();
  try {
    const repl = await own.open();
    const activation = await repl.start(rig.programs.transports.reaches(VARIABLE, file));
    ensureEnded(activation);
    return decodeReached(parseLine(activation.output));
  } finally {
    Reflect.deleteProperty(globalThis, VARIABLE);
    delete process.env[VARIABLE];
    rmSync(folder, { recursive: true });
    await own.close();
  }
}

function decodeReached(value: unknown): Reached {
  const isReached = typeof value === "object" && value !== null && "process" in value && "engine" in value;
  ensure(isReached, `the program that looks around wrote ${JSON.stringify(value)}`);
  return value as Reached;
}

async function isIsolated(rig: RuntimeRig): Promise<void> {
  const { isolation } = rig.runtime;
  if (isolation === "none") return;
  const found = await reached(rig);
  ensure(found.process !== process.pid, `the isolation is ${isolation}, and code runs in this process`);
  ensureEqual(found.environment, null, `what code of isolation ${isolation} finds in this environment`);
  if (isolation === "process") return;
  ensure(!found.file, `the isolation is ${isolation}, and code reads files of this machine`);
}

async function isRepeatable(rig: RuntimeRig): Promise<void> {
  if (rig.runtime.replay !== "exact") return;
  const found = await reached(rig);
  ensure(!found.file, "the replay is exact, and code reads files, which change");
  ensureEqual(found.process, null, "the process that code of exact replay finds");
}

async function namesEngine(rig: RuntimeRig): Promise<void> {
  const { engine, name } = rig.runtime.language;
  const found = await reached(rig);
  ensure(
    /^\S+ \d/.test(engine),
    `the language ${name} names the engine ${engine}, which is no name and version`,
  );
  const isSame = found.engine === null || found.engine.startsWith(engine);
  ensure(isSame, `the language names the engine ${engine}, and code runs on ${found.engine}`);
}
