import { availableParallelism } from "node:os";
import { RLMError } from "@rlmflow/core";

/** What code may use before its block is dropped. Every one is reported by name when it is hit. */
export interface IsolatedRuntimeLimits {
  /**
   * Milliseconds that code may compute at a stretch: from the start of a block, or from an answer, until it
   * waits again. Default 10,000.
   */
  readonly timeMs?: number;
  /**
   * Milliseconds after which an isolate that gave no answer is killed with its process: the end of what
   * `timeMs` can't interrupt. Waiting for answers does not count. Default 30,000.
   */
  readonly wallMs?: number;
  /** Megabytes of an isolate's heap; V8 may pass it by a factor of two or three before it notices. Default 128. */
  readonly memoryMB?: number;
  /**
   * Megabytes of resident memory of a sandbox process, about 60 of which are its own. Watched where /proc is
   * (Linux); elsewhere only `memoryMB` holds, and buffers outside the heap have no limit. Default 512.
   */
  readonly rssMB?: number;
}

/** How isolates are spread over processes, and what they may use. */
export interface IsolatedRuntimeOptions {
  /** Agents of one group that share a process: 1 for a process each. Default 8. */
  readonly agentsPerProcess?: number;
  /** Sandbox processes at a time; beyond it agents wait in line. Default the lesser of 16 and four per core. */
  readonly maxProcesses?: number;
  /** Processes kept started for whoever comes next. Default 1. */
  readonly spareProcesses?: number;
  readonly limits?: IsolatedRuntimeLimits;
}

/** The options with every default in its place. */
export interface IsolatedRuntimeSettings {
  readonly agentsPerProcess: number;
  readonly maxProcesses: number;
  readonly spareProcesses: number;
  readonly limits: Required<IsolatedRuntimeLimits>;
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  readonly standard: number;
}

const WIDTHS: Readonly<Record<keyof Omit<IsolatedRuntimeSettings, "limits">, Range>> = {
  agentsPerProcess: { least: 1, most: 256, unit: "agents", standard: 8 },
  maxProcesses: {
    least: 1,
    most: 1024,
    unit: "processes",
    standard: Math.min(16, availableParallelism() * 4),
  },
  spareProcesses: { least: 0, most: 64, unit: "processes", standard: 1 },
};

const LIMITS: Readonly<Record<keyof IsolatedRuntimeLimits, Range>> = {
  timeMs: { least: 10, most: 3_600_000, unit: "milliseconds", standard: 10_000 },
  wallMs: { least: 100, most: 7_200_000, unit: "milliseconds", standard: 30_000 },
  memoryMB: { least: 16, most: 4096, unit: "megabytes", standard: 128 },
  rssMB: { least: 128, most: 65_536, unit: "megabytes", standard: 512 },
};

/** Checks the options and fills in defaults. Throws one `invalid_options` that names everything wrong. */
export function resolveOptions(options: IsolatedRuntimeOptions): IsolatedRuntimeSettings {
  const problems: string[] = [];
  const { limits: givenLimits = {}, ...givenWidths } = options;
  const widths = resolveNumbers(WIDTHS, givenWidths, "", problems);
  const limits = resolveNumbers(LIMITS, givenLimits, "limits.", problems);
  if (limits.wallMs < limits.timeMs) {
    problems.push(`limits.wallMs (${limits.wallMs}) must not be below limits.timeMs (${limits.timeMs})`);
  }
  if (limits.rssMB < limits.memoryMB) {
    problems.push(`limits.rssMB (${limits.rssMB}) must not be below limits.memoryMB (${limits.memoryMB})`);
  }
  if (problems.length === 0) return { ...widths, limits };
  const message = `isolatedRuntime was given options it can't take: ${problems.join("; ")}.`;
  throw new RLMError("invalid_options", message, { details: { problems } });
}

function resolveNumbers<Name extends string>(
  ranges: Readonly<Record<Name, Range>>,
  given: { readonly [key in Name]?: unknown },
  prefix: string,
  problems: string[],
): Record<Name, number> {
  const names = Object.keys(ranges) as Name[];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(ranges, name)) problems.push(`there is no ${prefix}${name}`);
  }
  const resolved = names.map((name): [Name, number] => {
    const { least, most, unit, standard } = ranges[name];
    const value = given[name] ?? standard;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most)
      return [name, value];
    problems.push(
      `${prefix}${name} must be a whole number of ${unit} from ${least} to ${most}, not ${shown(value)}`,
    );
    return [name, standard];
  });
  return Object.fromEntries(resolved) as Record<Name, number>;
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
