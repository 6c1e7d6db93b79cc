import { posix } from "node:path";
import { RLMError } from "@rlmflow/core";
import { type ChannelTimes, javascriptLanguage } from "@rlmflow/repl";
import type { DockerMount, DockerRuntimeOptions } from "./options.ts";

/** The image that `rlmflow docker build` makes. */
export const DEFAULT_IMAGE = "rlmflow-sandbox";

/** Where the server program lies in a container. */
export const PROGRAM_FOLDER = "/rlmflow";

type Optional = "docker" | "limits" | "ociRuntime";

/** The options with every default in its place. */
export type DockerRuntimeSettings = Omit<Required<DockerRuntimeOptions>, Optional | "times" | "mounts"> &
  Pick<DockerRuntimeOptions, Optional> & {
    readonly times: ChannelTimes;
    readonly mounts: readonly Required<DockerMount>[];
  };

interface Range {
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  readonly fraction?: true;
}

const RANGES = {
  agentsPerContainer: { least: 1, most: 256, unit: "agents" },
  warm: { least: 0, most: 64, unit: "containers" },
  memoryMB: { least: 64, most: 1_048_576, unit: "megabytes" },
  cpus: { least: 0.01, most: 1024, unit: "cores", fraction: true },
  pids: { least: 16, most: 65_536, unit: "processes" },
  tmpMB: { least: 1, most: 1_048_576, unit: "megabytes" },
  timeMs: { least: 10, most: 3_600_000, unit: "milliseconds" },
} as const satisfies Readonly<Record<string, Range>>;

const TIME: Range = { least: 100, most: 7_200_000, unit: "milliseconds" };

const KNOWN: Readonly<Record<keyof DockerRuntimeOptions, true>> = {
  image: true,
  language: true,
  docker: true,
  share: true,
  agentsPerContainer: true,
  warm: true,
  memoryMB: true,
  cpus: true,
  pids: true,
  tmpMB: true,
  timeMs: true,
  times: true,
  limits: true,
  network: true,
  mounts: true,
  environment: true,
  labels: true,
  user: true,
  readOnlyRoot: true,
  capabilities: true,
  newPrivileges: true,
  securityOptions: true,
  ociRuntime: true,
  init: true,
};

/** Fills in defaults. Throws one `invalid_options` that names everything wrong. */
export function resolveOptions(options: DockerRuntimeOptions = {}): DockerRuntimeSettings {
  const settings = withDefaults(options);
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(KNOWN, name));
  const problems = [...unknown.map((name) => `there is no ${name}`), ...problemsOf(settings)];
  if (problems.length === 0) return settings;
  const message = `dockerRuntime was given options it can't take: ${problems.join("; ")}.`;
  throw new RLMError("invalid_options", message, { details: { problems } });
}

function withDefaults(options: DockerRuntimeOptions): DockerRuntimeSettings {
  const isShared = options.share === "run";
  return {
    image: DEFAULT_IMAGE,
    language: javascriptLanguage,
    share: "agent",
    agentsPerContainer: 8,
    warm: 0,
    memoryMB: isShared ? 2048 : 512,
    cpus: 1,
    pids: isShared ? 512 : 128,
    tmpMB: 64,
    timeMs: 10_000,
    network: "none",
    environment: {},
    labels: {},
    user: "65534:65534",
    readOnlyRoot: true,
    capabilities: [],
    newPrivileges: false,
    securityOptions: [],
    init: true,
    ...options,
    times: { openMs: 30_000, wallMs: 30_000, ...options.times },
    mounts: (options.mounts ?? []).map((mount) => ({ readOnly: true, ...mount })),
  };
}

function problemsOf(settings: DockerRuntimeSettings): readonly string[] {
  const { share, image, times, memoryMB, tmpMB, timeMs, mounts } = settings;
  const numbers = Object.entries(RANGES) as [keyof typeof RANGES, Range][];
  return [
    ...numbers.flatMap(([name, range]) => numberProblem(name, settings[name], range)),
    ...numberProblem("times.openMs", times.openMs, TIME),
    ...numberProblem("times.wallMs", times.wallMs, TIME),
    ...(share === "agent" || share === "run" ? [] : [`share must be "agent" or "run", not ${shown(share)}`]),
    ...(image === "" ? ["image must name an image"] : []),
    ...(times.wallMs < timeMs ? [`times.wallMs (${times.wallMs}) must not be below timeMs (${timeMs})`] : []),
    ...(memoryMB < tmpMB
      ? [`tmpMB (${tmpMB}) must not be above memoryMB (${memoryMB}), which it is part of`]
      : []),
    ...mounts.flatMap(mountProblems),
    ...twice(mounts.map(({ containerPath }) => containerPath)),
  ];
}

function numberProblem(name: string, value: unknown, range: Range): readonly string[] {
  const { least, most, unit, fraction } = range;
  const isNumber = typeof value === "number" && (fraction ? Number.isFinite(value) : Number.isInteger(value));
  if (isNumber && value >= least && value <= most) return [];
  const kind = fraction ? "a number" : "a whole number";
  return [`${name} must be ${kind} of ${unit} from ${least} to ${most}, not ${shown(value)}`];
}

function mountProblems({ hostPath, containerPath }: DockerMount): readonly string[] {
  const isAbsolute = /^(?:\/|[A-Za-z]:[\\/])/.test(hostPath);
  const place = posix.normalize(`${containerPath}/`);
  const isTaken = ["/", "/tmp/", `${PROGRAM_FOLDER}/`, "/proc/", "/sys/", "/dev/"].includes(place);
  return [
    ...(isAbsolute ? [] : [`mounts: hostPath ${shown(hostPath)} is not absolute`]),
    ...(containerPath.startsWith("/")
      ? []
      : [`mounts: containerPath ${shown(containerPath)} is not absolute`]),
    ...(isTaken ? [`mounts: containerPath ${shown(containerPath)} is taken`] : []),
  ];
}

function twice(places: readonly string[]): readonly string[] {
  const again = places.filter((place, index) => places.indexOf(place) !== index);
  return [...new Set(again)].map((place) => `mounts: containerPath ${shown(place)} is there twice`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
