import { createHash } from "node:crypto";
import type { Runtime } from "@rlmflow/core";
import type { ContextPayload, ReplSession, ReplSpec } from "@rlmflow/core/driver";
import { within } from "../contract/contract.ts";
import { ensureGave } from "../contract/refuse-driver.ts";
import { javascriptSamples } from "../samples/javascript/javascript-samples.ts";
import type { LanguageSamples } from "../samples/language-samples.ts";
import type { SampleCode } from "../samples/sample-code.ts";
import type { SamplePrograms } from "../samples/sample-programs.ts";
import { ReplRig } from "./repl-rig.ts";

/** What the rig needs of a driver. */
export interface RuntimeSource {
  make(): Promise<Runtime> | Runtime;
  readonly patienceMs?: number;
  readonly sessions?: number;
  kill?(session: ReplSession): Promise<void>;
  readonly language?: LanguageSamples;
}

const PATIENCE_MS = 60_000;
const SESSIONS = 40;

const METHODS = ["open", "close"];
const FIELDS = ["protocol", "name", "language", "isolation", "replay"];

/** One runtime under examination: whatever takes too long fails the check. */
export class RuntimeRig {
  readonly runtime: Runtime;
  readonly code: SampleCode;
  /** Programs of the language; those of JavaScript where it has none, and no check asks for them. */
  readonly programs: SamplePrograms;
  readonly patienceMs: number;
  /** How many REPLs the check of leaks opens. */
  readonly sessions: number;
  readonly #source: RuntimeSource;

  private constructor(runtime: Runtime, source: RuntimeSource) {
    this.runtime = runtime;
    this.#source = source;
    const { code, programs } = source.language ?? javascriptSamples;
    this.code = code;
    this.programs = programs ?? javascriptSamples.programs;
    this.patienceMs = source.patienceMs ?? PATIENCE_MS;
    this.sessions = source.sessions ?? SESSIONS;
  }

  static async make(source: RuntimeSource): Promise<RuntimeRig> {
    const runtime = await source.make();
    ensureGave("make", "runtime", runtime, METHODS, FIELDS);
    return new RuntimeRig(runtime, source);
  }

  /** Another runtime of the same driver. Whoever asks closes it. */
  another(): Promise<RuntimeRig> {
    return RuntimeRig.make(this.#source);
  }

  /** A fresh REPL of a sample spec, changed as given. */
  async open(changes: Partial<ReplSpec> = {}): Promise<ReplRig> {
    const spec = { ...sampleSpec(), ...changes };
    const session = await this.within("opening a REPL", this.runtime.open(spec));
    return new ReplRig(session, spec, this.patienceMs);
  }

  /** This many REPLs, opened at once, each of an agent of its own. */
  openMany(count: number): Promise<readonly ReplRig[]> {
    return Promise.all(Array.from({ length: count }, (_, k) => this.open({ agentId: `root.agent_${k}` })));
  }

  /** Ends the sandbox of a REPL from outside. */
  async kill({ session }: ReplRig): Promise<void> {
    await this.within("killing a sandbox", this.#source.kill?.(session) ?? Promise.resolve());
  }

  close(): Promise<void> {
    return this.within("closing the runtime", this.runtime.close());
  }

  within<T>(what: string, promise: Promise<T>): Promise<T> {
    return within(this.patienceMs, what, promise);
  }
}

function sampleSpec(): ReplSpec {
  return {
    agentId: "root",
    group: "run-1",
    depth: 1,
    maxDepth: 3,
    seed: "seed",
    contexts: [],
    globals: {},
    functions: ["echo", "lookUp"],
    alone: false,
  };
}

/** A payload in memory that refuses to be read beyond its ends. */
export function samplePayload(
  key: string,
  text: string,
  onRead: (start: number, end: number) => void = () => {},
): ContextPayload {
  return {
    key,
    characters: text.length,
    digest: createHash("sha256").update(text).digest("hex"),
    read(start, end) {
      if (!(start >= 0 && start <= end && end <= text.length)) {
        throw new RangeError(`read from ${start} to ${end} of ${text.length}`);
      }
      onRead(start, end);
      return text.slice(start, end);
    },
  };
}
