import type { EvaluatorLimits, ReplLanguage } from "@rlmflow/repl";
import {
  channelTimes,
  checkOptions,
  languageOption,
  limitsOption,
  namedValues,
  optionRecord,
  timeOption,
  timeProblems,
  waitingTime,
  wholeNumber,
  word,
  words,
} from "@rlmflow/repl/driver";
import {
  array,
  check,
  type GenericSchema,
  type InferOutput,
  lazy,
  literal,
  optional,
  pipe,
  regex,
  string,
  transform,
  union,
} from "valibot";
import type { SubprocessRuntimeOptions, SubprocessTimes } from "./options.ts";
import { runsOnNode } from "./runs-on-node.ts";

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

const DEFAULT = { memoryMB: 512, rssMB: 1024, openMs: 30_000 };
const DAY_MS = 24 * 3_600_000;

const COMMAND = "a list of texts without NUL, the program first";
const value = pipe(string("a text"), regex(/^[^\0]*$/, "a text without NUL"));
const command = pipe(
  array(value, COMMAND),
  check(([program = ""]) => program !== "", "a list that begins with the program"),
);
const variable = pipe(string("a name"), regex(/^[^=\0]+$/, "a variable whose name has no ="));
type Environment = Readonly<Record<string, string | true>>;
const names: GenericSchema<unknown, Environment> = pipe(
  array(variable),
  transform((given) => Object.fromEntries(given.map((name): [string, true] => [name, true]))),
);
const values: GenericSchema<unknown, Environment> = namedValues(
  variable,
  union([literal(true), value], "a text without NUL, or true"),
  "a list of names, or a record of values",
);
const environment = lazy((given) => (Array.isArray(given) ? names : values));
const paths = optional(words("a list of paths"), []);

const OPTIONS = optionRecord(
  {
    command: optional(command),
    workingDirectory: optional(word("a path")),
    environment: optional(environment, {}),
    permissions: optional(
      optionRecord({ readable: paths, writable: paths }, "a record with readable and writable"),
    ),
    memoryMB: optional(wholeNumber({ least: 16, most: 65_536, unit: "megabytes" })),
    rssMB: optional(wholeNumber({ least: 128, most: 1_048_576, unit: "megabytes" })),
    timeMs: timeOption,
    times: optional(
      optionRecord(
        {
          openMs: waitingTime,
          wallMs: waitingTime,
          idleMs: optional(wholeNumber({ least: 100, most: DAY_MS, unit: "milliseconds" })),
        },
        "a record of milliseconds",
      ),
      {},
    ),
    limits: limitsOption,
    language: languageOption,
  },
  "a record",
);
type Given = InferOutput<typeof OPTIONS>;

/** Fills in defaults. Throws one `invalid_options` that names everything wrong. */
export function resolveOptions(options: SubprocessRuntimeOptions = {}): SubprocessSettings {
  const further = (given: Given): readonly string[] => problemsBetween(given, options.timeMs !== undefined);
  const given = checkOptions("subprocessRuntime", OPTIONS, options, further);
  return {
    launch: {
      command: given.command ?? null,
      workingDirectory: given.workingDirectory ?? null,
      environment: given.environment,
      permissions: given.permissions ?? null,
      memoryMB: given.memoryMB ?? DEFAULT.memoryMB,
      rssMB: given.rssMB ?? DEFAULT.rssMB,
      timeMs: given.timeMs,
    },
    times: { idleMs: Number.POSITIVE_INFINITY, ...channelTimes(given.timeMs, DEFAULT.openMs, given.times) },
    limits: given.limits,
    language: given.language,
  };
}

/** What only the server of this package knows. */
const OWN_SERVER = ["permissions", "memoryMB", "rssMB"] as const satisfies readonly (keyof Given)[];

/** What is wrong with options that are each right. */
function problemsBetween(given: Given, isTimeGiven: boolean): readonly string[] {
  const others = (names: readonly (keyof Given)[], why: string): readonly string[] =>
    names.filter((name) => given[name] !== undefined).map((name) => `${name} ${why}`);
  if (given.command === undefined) {
    const { language } = given;
    const times = timeProblems(given.timeMs, given.times);
    if (runsOnNode(language)) return times;
    const why = `is of Node, and ${language.language.name} runs on another program`;
    return [...others(["permissions", "memoryMB"], why), ...times];
  }
  const why = "is not for a command of your own: put";
  return [
    ...others(OWN_SERVER, `${why} what it takes into the command`),
    ...(isTimeGiven ? [`timeMs ${why} "--time-ms" into the command`] : []),
  ];
}
