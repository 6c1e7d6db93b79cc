import { javascriptLanguage } from "@rlmflow/repl";
import type { SubprocessRuntimeOptions, SubprocessTimes } from "./options.ts";
import { runsOnNode } from "./runs-on-node.ts";

/** Milliseconds that code may compute unless told otherwise. */
export const DEFAULT_TIME_MS = 10_000;

interface Range {
  readonly least: number;
  readonly most: number;
  readonly unit: string;
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const RANGES = {
  memoryMB: { least: 16, most: 65_536, unit: "megabytes" },
  rssMB: { least: 128, most: 1_048_576, unit: "megabytes" },
  timeMs: { least: 10, most: HOUR, unit: "milliseconds" },
} as const satisfies Readonly<Record<string, Range>>;
const TIMES: Readonly<Record<keyof SubprocessTimes, Range>> = {
  openMs: { least: 100, most: 2 * HOUR, unit: "milliseconds" },
  wallMs: { least: 100, most: 2 * HOUR, unit: "milliseconds" },
  idleMs: { least: 100, most: 24 * HOUR, unit: "milliseconds" },
};
const KNOWN: Readonly<Record<keyof SubprocessRuntimeOptions, true>> = {
  command: true,
  workingDirectory: true,
  environment: true,
  permissions: true,
  memoryMB: true,
  rssMB: true,
  timeMs: true,
  times: true,
  limits: true,
  language: true,
};

/** Everything wrong with the options, whatever the caller's types let through; a sentence each. */
export function optionProblems(options: SubprocessRuntimeOptions): readonly string[] {
  const { timeMs = DEFAULT_TIME_MS } = options;
  const times = recordOf(options.times);
  const limits = recordOf(options.limits);
  const { wallMs = Number.POSITIVE_INFINITY } = options.times ?? {};
  return [
    ...unknown(options, KNOWN, ""),
    ...(times === null ? ["times must be a record of milliseconds"] : unknown(times, TIMES, "times.")),
    ...(limits === null ? ["limits must be a record of numbers"] : []),
    ...commandProblems(options),
    ...environmentProblems(options.environment),
    ...pathProblems(options),
    ...Object.entries(RANGES).flatMap(([name, range]) =>
      numberProblems(Reflect.get(options, name), range, name),
    ),
    ...Object.entries(TIMES).flatMap(([name, range]) =>
      numberProblems(times?.[name], range, `times.${name}`),
    ),
    ...Object.entries(limits ?? {}).flatMap(([name, value]) =>
      numberProblems(
        value,
        { least: 1, most: 2 ** 31, unit: "characters, values or calls" },
        `limits.${name}`,
      ),
    ),
    ...(wallMs < timeMs ? [`times.wallMs (${wallMs}) must not be below timeMs (${timeMs})`] : []),
  ];
}

function unknown(given: object, known: object, prefix: string): readonly string[] {
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => `there is no ${prefix}${name}`);
}

/** What only the server of this package knows. */
const OWN_SERVER: readonly (keyof SubprocessRuntimeOptions)[] = ["permissions", "memoryMB", "rssMB"];

function commandProblems(options: SubprocessRuntimeOptions): readonly string[] {
  const { command, language = javascriptLanguage } = options;
  const others = (names: readonly (keyof SubprocessRuntimeOptions)[], why: string): readonly string[] =>
    names.filter((name) => options[name] !== undefined).map((name) => `${name} ${why}`);
  if (command === undefined) {
    if (runsOnNode(language)) return [];
    return others(
      ["permissions", "memoryMB"],
      `is of Node, and ${language.kernel.language} runs on another program`,
    );
  }
  if (!isList(command) || command.length === 0 || !command.every(isWord) || command[0] === "") {
    return ["command must be a list of texts without NUL, the program first"];
  }
  return [
    ...others(OWN_SERVER, "is not for a command of your own: put what it takes into the command"),
    ...others(["timeMs"], 'is not for a command of your own: put "--time-ms" into the command'),
  ];
}

function environmentProblems(environment: unknown): readonly string[] {
  if (environment === undefined) return [];
  if (typeof environment !== "object" || environment === null) {
    return ["environment must be a list of names, or a record of values"];
  }
  const entries = isList(environment)
    ? environment.map((name) => [name, true] as const)
    : Object.entries(environment);
  return entries.flatMap(([name, value]) => {
    if (!isWord(name) || name === "" || name.includes("=")) {
      return [`environment has a name that is none: ${JSON.stringify(name) ?? String(name)}`];
    }
    return value === true || isWord(value) ? [] : [`environment.${name} must be a text without NUL, or true`];
  });
}

function pathProblems(options: SubprocessRuntimeOptions): readonly string[] {
  const { workingDirectory } = options;
  const permissions = recordOf(options.permissions);
  const isPath = (path: unknown): boolean => isWord(path) && path !== "";
  const lists = Object.entries({ readable: permissions?.readable, writable: permissions?.writable });
  return [
    ...(workingDirectory === undefined || isPath(workingDirectory)
      ? []
      : ["workingDirectory must be a path"]),
    ...(permissions === null
      ? ["permissions must be a record with readable and writable"]
      : unknown(permissions, { readable: true, writable: true }, "permissions.")),
    ...lists
      .filter(([, paths]) => paths !== undefined && !(isList(paths) && paths.every(isPath)))
      .map(([name]) => `permissions.${name} must be a list of paths`),
  ];
}

function numberProblems(value: unknown, { least, most, unit }: Range, name: string): readonly string[] {
  if (value === undefined) return [];
  const isGood = typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  return isGood ? [] : [`${name} must be a whole number of ${unit} from ${least} to ${most}, not ${shown}`];
}

/** The value where it is a record, an empty one where there is none, and `null` for anything else. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (value === undefined) return {};
  return typeof value === "object" && value !== null && !isList(value) ? { ...value } : null;
}

function isWord(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
