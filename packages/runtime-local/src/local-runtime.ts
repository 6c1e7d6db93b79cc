import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import type { Runtime } from "@rlmflow/core";
import type { ReplSpec } from "@rlmflow/core/driver";
import { type Channel, channelRuntime, type EvaluatorLimits, RealmRepl, serveRepl } from "@rlmflow/repl";
import { checkOptions, limitsOption, optionRecord, packageFile, timeOption } from "@rlmflow/repl/driver";
import { channelPair } from "./channel-pair.ts";

/** Options of {@link localRuntime}. */
export interface LocalRuntimeOptions {
  /** Milliseconds that code may compute without waiting; 10,000 unless given. */
  readonly timeMs?: number;
  /** Caps of the evaluator: output, arguments, calls. */
  readonly limits?: Partial<EvaluatorLimits>;
}

const OPTIONS = optionRecord({ timeMs: timeOption, limits: limitsOption }, "a record");
/** Beyond the time of code: the engine may be busy when an activation is there. */
const SLACK_MS = 60_000;

/**
 * A runtime in this process, in a realm of its own per REPL: for code you trust, and for debugging. It
 * isolates nothing: code that means to can reach Node and everything your user can; a block that fills
 * the memory ends your process. Throws `invalid_options`.
 */
export function localRuntime(options: LocalRuntimeOptions = {}): Runtime {
  const { timeMs, limits } = checkOptions("localRuntime", OPTIONS, options);
  // The engine that CONTEXT.grep runs on. It adds a flag for expressions that ask for it, nothing else.
  setFlagsFromString("--enable-experimental-regexp-engine");
  const evaluator = evaluatorScript();
  return channelRuntime({
    name: "local",
    isolation: "none",
    replay: "exact",
    connect: async (spec) => connect(spec, evaluator, timeMs),
    times: { wallMs: timeMs + SLACK_MS },
    limits,
  });
}

/** Contexts are read where they lie: a sandbox in this process need not ask over the wire. */
function connect(spec: ReplSpec, evaluator: string, timeMs: number): Channel {
  const [engineEnd, sandboxEnd] = channelPair();
  const contexts = new Map(spec.contexts.map((context) => [context.key, context]));
  const readContext = (key: string, start: number, end: number): string =>
    contexts.get(key)?.read(start, end) ?? "";
  void serveRepl(sandboxEnd, {
    engine: `v8 ${process.versions.v8}`,
    makeRepl: async (replSpec) => new RealmRepl({ evaluator, spec: replSpec, readContext, timeMs }),
  });
  return engineEnd;
}

function evaluatorScript(): string {
  return readFileSync(packageFile("@rlmflow/repl/evaluator.js", [import.meta.url]), "utf8");
}
