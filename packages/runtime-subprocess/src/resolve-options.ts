import { RLMError } from "@rlmflow/core";
import { type EvaluatorLimits, javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";
import { DEFAULT_TIME_MS, optionProblems } from "./option-problems.ts";
import type { SubprocessEnvironment, SubprocessRuntimeOptions, SubprocessTimes } from "./options.ts";

/** The options with every default in its place. */
export interface SubprocessSettings {
  readonly launch: LaunchSettings;
  readonly times: SubprocessTimes;
  readonly limits: Partial<EvaluatorLimits>;
  readonly language: ReplLanguage;
}

/** What a process is started from. */
export interface LaunchSettings {
  /** `null` for the server of the language. */
  readonly command: readonly string[] | null;
  readonly workingDirectory: string | null;
  readonly environment: Readonly<Record<string, string | true>>;
  readonly permissions: { readonly readable: readonly string[]; readonly writable: readonly string[] } | null;
  readonly memoryMB: number;
  readonly rssMB: number;
  readonly timeMs: number;
}

const DEFAULT = { memoryMB: 512, rssMB: 1024, openMs: 30_000, wallMs: 30_000 };
/** Between the limit that the server holds itself and the one that is held from outside. */
const WALL_SLACK_MS = 20_000;

/** Fills in defaults. Throws one `invalid_options` that names everything wrong. */
export function resolveOptions(options: SubprocessRuntimeOptions = {}): SubprocessSettings {
  const problems = optionProblems(options);
  if (problems.length > 0) {
    const message = `subprocessRuntime was given options it can't take: ${problems.join("; ")}.`;
    throw new RLMError("invalid_options", message, { details: { problems } });
  }
  const { environment = {}, permissions, times = {}, timeMs = DEFAULT_TIME_MS } = options;
  const wallMs = times.wallMs ?? Math.max(DEFAULT.wallMs, timeMs + WALL_SLACK_MS);
  const { readable = [], writable = [] } = permissions ?? {};
  return {
    launch: {
      command: options.command ?? null,
      workingDirectory: options.workingDirectory ?? null,
      environment: isNames(environment)
        ? Object.fromEntries(environment.map((name): [string, true] => [name, true]))
        : environment,
      permissions: permissions === undefined ? null : { readable, writable },
      memoryMB: options.memoryMB ?? DEFAULT.memoryMB,
      rssMB: options.rssMB ?? DEFAULT.rssMB,
      timeMs,
    },
    times: {
      openMs: times.openMs ?? DEFAULT.openMs,
      wallMs,
      idleMs: times.idleMs ?? Number.POSITIVE_INFINITY,
    },
    limits: options.limits ?? {},
    language: options.language ?? javascriptLanguage,
  };
}

function isNames(environment: SubprocessEnvironment): environment is readonly string[] {
  return Array.isArray(environment);
}
