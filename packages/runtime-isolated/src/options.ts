import { checkOptions, optionRecord, timeOption, waitingTime, wholeNumber } from "@rlmflow/repl/driver";
import { boolean, type InferOutput, optional } from "valibot";

/** What code may use before its block is dropped. Every one is reported by name when it is hit. */
export interface IsolatedRuntimeLimits {
  /**
   * Milliseconds that code may compute at a stretch: from the start of a block, or from an answer, until it
   * waits again. Default 10,000.
   */
  readonly timeMs?: number;
  /**
   * Milliseconds after which an isolate that gave no answer is killed with its process: the end of what
   * `timeMs` can't interrupt. Waiting for answers does not count. Default 20,000 more than `timeMs`.
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
  /** Agents that share a process: 1 for a process each. Default 8. */
  readonly agentsPerProcess?: number;
  /**
   * Sandbox processes at a time; beyond it agents wait in line. Default: as many as fit into half of the memory
   * that the machine, or the control group, has to give while they are started.
   */
  readonly maxProcesses?: number;
  /** Processes kept started for whoever comes next. Default 1. */
  readonly spareProcesses?: number;
  /**
   * Whether runs that go on at the same time may share a process: for many runs of one tenant. The isolate alone
   * is the wall between them then. Default `false`.
   */
  readonly shareProcesses?: boolean;
  /**
   * Whether a process serves the next run when every isolate of the last one is gone. `false` gives each run
   * processes that nobody has used before. Default `true`.
   */
  readonly reuseProcesses?: boolean;
  readonly limits?: IsolatedRuntimeLimits;
}

/** The options with every default in its place. */
export interface IsolatedRuntimeSettings {
  readonly agentsPerProcess: number;
  /** `null` for what memory allows. */
  readonly maxProcesses: number | null;
  readonly spareProcesses: number;
  readonly shareProcesses: boolean;
  readonly reuseProcesses: boolean;
  readonly limits: Required<IsolatedRuntimeLimits>;
}

/** Between the time that an isolate holds itself and the one after which its process is killed. */
const WALL_SLACK_MS = 20_000;

const flag = boolean("true or false");

const LIMITS = optionRecord(
  {
    timeMs: timeOption,
    wallMs: waitingTime,
    memoryMB: optional(wholeNumber({ least: 16, most: 4096, unit: "megabytes" }), 128),
    rssMB: optional(wholeNumber({ least: 128, most: 65_536, unit: "megabytes" }), 512),
  },
  "a record of numbers",
);

const OPTIONS = optionRecord(
  {
    agentsPerProcess: optional(wholeNumber({ least: 1, most: 256, unit: "agents" }), 8),
    maxProcesses: optional(wholeNumber({ least: 1, most: 1024, unit: "processes" })),
    spareProcesses: optional(wholeNumber({ least: 0, most: 64, unit: "processes" }), 1),
    shareProcesses: optional(flag, false),
    reuseProcesses: optional(flag, true),
    limits: optional(LIMITS, {}),
  },
  "a record",
);

/** Checks the options and fills in defaults. Throws one `invalid_options` that names everything wrong. */
export function resolveOptions(options: IsolatedRuntimeOptions = {}): IsolatedRuntimeSettings {
  const further = (given: InferOutput<typeof OPTIONS>): readonly string[] => problemsBetween(limitsOf(given));
  const given = checkOptions("isolatedRuntime", OPTIONS, options, further);
  return { ...given, maxProcesses: given.maxProcesses ?? null, limits: limitsOf(given) };
}

function limitsOf({ limits }: InferOutput<typeof OPTIONS>): Required<IsolatedRuntimeLimits> {
  return { wallMs: limits.timeMs + WALL_SLACK_MS, ...limits };
}

function problemsBetween({
  wallMs,
  timeMs,
  rssMB,
  memoryMB,
}: Required<IsolatedRuntimeLimits>): readonly string[] {
  return [
    ...(wallMs < timeMs ? [`limits.wallMs (${wallMs}) must not be below limits.timeMs (${timeMs})`] : []),
    ...(rssMB < memoryMB ? [`limits.rssMB (${rssMB}) must not be below limits.memoryMB (${memoryMB})`] : []),
  ];
}
