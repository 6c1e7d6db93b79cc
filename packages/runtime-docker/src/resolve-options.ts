import { posix } from "node:path";
import type { ChannelTimes } from "@rlmflow/repl";
import {
  anyNumber,
  channelTimes,
  checkOptions,
  languageOption,
  limitsOption,
  namedValues,
  optionRecord,
  timeOption,
  timeProblems,
  timesOption,
  wholeNumber,
  word,
  words,
} from "@rlmflow/repl/driver";
import { array, boolean, type GenericSchema, optional, picklist, pipe, regex, string } from "valibot";
import { connectionOption } from "./engine/docker-connection.ts";
import type { DockerMount, DockerRuntimeOptions } from "./options.ts";
import { OWN_LABELS } from "./owner/labels.ts";

/** The image that `rlmflow docker build` makes. */
export const DEFAULT_IMAGE = "rlmflow-sandbox";

/** Where the server program lies in a container. */
export const PROGRAM_FOLDER = "/rlmflow";

type Optional = "docker" | "ociRuntime";

/** The options with every default in its place. */
export type DockerRuntimeSettings = Omit<Required<DockerRuntimeOptions>, Optional | "times" | "mounts"> &
  Pick<DockerRuntimeOptions, Optional> & {
    readonly times: ChannelTimes;
    readonly mounts: readonly Required<DockerMount>[];
  };

const OPEN_MS = 30_000;
/** In a shared container. */
const AGENTS = 8;
const MEGABYTES = { most: 1_048_576, unit: "megabytes" };

const flag = boolean("true or false");
// Absolute, in the manner of the engine's machine, which may be a Windows one.
const hostPath = pipe(string("an absolute path"), regex(/^(?:\/|[A-Za-z]:[\\/])/, "an absolute path"));
const containerPath = pipe(string("an absolute path"), regex(/^\//, "an absolute path"));
// The engine knows what a reference may be; what could never be one is not sent.
/** The name of an image. */
export const imageName: GenericSchema<string> = pipe(
  string("the name of an image"),
  regex(/^[\w[][\w./:@[\]-]*$/, 'the name of an image, for example "node:24-slim"'),
);
const variable = pipe(string("a text"), regex(/^[^=\0]+$/, "a variable whose name has no ="));

const OPTIONS = optionRecord(
  {
    image: optional(imageName, DEFAULT_IMAGE),
    language: languageOption,
    docker: connectionOption,
    share: optional(picklist(["agent", "run"], '"agent" or "run"'), "agent"),
    agentsPerContainer: optional(wholeNumber({ least: 1, most: 256, unit: "agents" })),
    warm: optional(wholeNumber({ least: 0, most: 64, unit: "containers" }), 0),
    memoryMB: optional(wholeNumber({ least: 64, ...MEGABYTES })),
    cpus: optional(anyNumber({ least: 0.01, most: 1024, unit: "cores" }), 1),
    pids: optional(wholeNumber({ least: 16, most: 65_536, unit: "processes" })),
    tmpMB: optional(wholeNumber({ least: 1, ...MEGABYTES }), 64),
    timeMs: timeOption,
    times: timesOption,
    limits: limitsOption,
    network: optional(word("the name of a network"), "none"),
    mounts: optional(
      array(
        optionRecord(
          { hostPath, containerPath, readOnly: optional(flag, true) },
          "a record with hostPath and containerPath",
        ),
        "a list of mounts, each with hostPath and containerPath",
      ),
      [],
    ),
    environment: optional(namedValues(variable, string("a text"), "a record of texts by name"), {}),
    labels: optional(namedValues(word("a label"), string("a text"), "a record of texts by name"), {}),
    user: optional(word('a user, for example "65534:65534"'), "65534:65534"),
    readOnlyRoot: optional(flag, true),
    capabilities: optional(words("a list of capabilities"), []),
    newPrivileges: optional(flag, false),
    securityOptions: optional(words("a list of security options"), []),
    ociRuntime: optional(word("the name of an OCI runtime")),
    init: optional(flag, true),
  },
  "a record",
);

/** Fills in defaults. Throws one `invalid_options` that names everything wrong. */
export function resolveOptions(options: DockerRuntimeOptions = {}): DockerRuntimeSettings {
  const given = checkOptions("dockerRuntime", OPTIONS, options, problemsBetween);
  return {
    ...given,
    agentsPerContainer: given.agentsPerContainer ?? AGENTS,
    memoryMB: given.memoryMB ?? memoryOf(given.share),
    pids: given.pids ?? (given.share === "run" ? 512 : 128),
    times: channelTimes(given.timeMs, OPEN_MS, given.times),
  };
}

function memoryOf(share: "agent" | "run"): number {
  return share === "run" ? 2048 : 512;
}

/** What is wrong with options that are each right. */
function problemsBetween(options: {
  readonly share: "agent" | "run";
  readonly agentsPerContainer?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly memoryMB?: number;
  readonly tmpMB: number;
  readonly timeMs: number;
  readonly times: Partial<ChannelTimes>;
  readonly mounts: readonly DockerMount[];
}): readonly string[] {
  const {
    share,
    agentsPerContainer,
    labels,
    memoryMB = memoryOf(share),
    tmpMB,
    timeMs,
    times,
    mounts,
  } = options;
  const places = mounts.map((mount) => posix.normalize(`${mount.containerPath}/`));
  return [
    ...(agentsPerContainer !== undefined && share === "agent"
      ? [`agentsPerContainer (${agentsPerContainer}) has no effect without share: "run"`]
      : []),
    ...OWN_LABELS.filter((label) => label in labels).map(
      (label) => `labels.${label} is one of rlmflow's own`,
    ),
    ...timeProblems(timeMs, times),
    ...(memoryMB < tmpMB
      ? [`tmpMB (${tmpMB}) must not be above memoryMB (${memoryMB}), which it is part of`]
      : []),
    ...mounts.flatMap((mount, index) => placeProblems(mount.containerPath, index, places)),
  ];
}

const TAKEN: readonly string[] = ["/", "/tmp/", `${PROGRAM_FOLDER}/`, "/proc/", "/sys/", "/dev/"];

function placeProblems(path: string, index: number, places: readonly string[]): readonly string[] {
  const place = places[index] ?? "";
  const named = `mounts[${index}].containerPath (${JSON.stringify(path)})`;
  if (TAKEN.includes(place)) return [`${named} is a place that the container needs itself`];
  return places.indexOf(place) < index ? [`${named} is there twice`] : [];
}
