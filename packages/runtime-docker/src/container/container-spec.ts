import { basename, posix } from "node:path";
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import { type DockerRuntimeSettings, PROGRAM_FOLDER } from "../resolve-options.ts";

const MEGABYTE = 1024 * 1024;
/** What an engine puts into every container for its users to write to, whatever its root file system is. */
const OPEN_PLACES = ["/dev/shm", "/dev/mqueue"];

/** What a container is made for, beyond the settings. */
export interface ContainerRole {
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the volume that holds the server program. */
  readonly programVolume: string;
}

/** The argv of a process that serves one REPL. */
export function serverCommand({ language, timeMs }: DockerRuntimeSettings): string[] {
  const { command, file } = language.server;
  return [...command, `${PROGRAM_FOLDER}/${basename(file)}`, "--time-ms", String(timeMs)];
}

/** What is the same for every process in a container, the first and those that join it. */
export function processSpec({ user, environment }: DockerRuntimeSettings): {
  User: string;
  WorkingDir: string;
  Env: string[];
} {
  const variables = { HOME: "/tmp", ...environment };
  return {
    User: user,
    WorkingDir: "/tmp",
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
  };
}

/** The container as the engine takes it: nothing is allowed that the settings do not ask for. */
export function containerSpec(settings: DockerRuntimeSettings, role: ContainerRole): ContainerCreateOptions {
  return {
    Image: settings.image,
    // Whatever the image would run, health checks included, is left alone.
    Entrypoint: serverCommand(settings),
    Cmd: [],
    Healthcheck: { Test: ["NONE"] },
    ...processSpec(settings),
    Labels: { ...settings.labels, ...role.labels },
    Hostname: "sandbox",
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    // The death of the engine's side closes the input, and so ends the program: see SandboxContainer.
    StdinOnce: true,
    Tty: false,
    NetworkDisabled: settings.network === "none",
    HostConfig: hostConfig(settings, role),
  };
}

function hostConfig(settings: DockerRuntimeSettings, { programVolume }: ContainerRole): HostConfig {
  const memory = settings.memoryMB * MEGABYTE;
  const { ociRuntime, capabilities, newPrivileges, securityOptions } = settings;
  return {
    NetworkMode: settings.network,
    ReadonlyRootfs: settings.readOnlyRoot,
    CapDrop: ["ALL"],
    CapAdd: [...capabilities],
    SecurityOpt: [...(newPrivileges ? [] : ["no-new-privileges"]), ...securityOptions],
    Memory: memory,
    MemorySwap: memory,
    NanoCpus: Math.round(settings.cpus * 1e9),
    PidsLimit: settings.pids,
    Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }],
    Tmpfs: {
      "/tmp": `rw,noexec,nosuid,nodev,size=${settings.tmpMB}m,mode=1777`,
      ...closedPlaces(settings),
    },
    Init: settings.init,
    // What travels over the wire must not pile up in a file of the engine's.
    LogConfig: { Type: "none", Config: {} },
    Mounts: [
      { Type: "volume", Source: programVolume, Target: PROGRAM_FOLDER, ReadOnly: true },
      ...settings.mounts.map(({ hostPath, containerPath, readOnly }) => ({
        Type: "bind" as const,
        Source: hostPath,
        Target: containerPath,
        ReadOnly: readOnly,
      })),
    ],
    ...(ociRuntime === undefined ? {} : { Runtime: ociRuntime }),
  };
}

/** Empty file systems that can't be written to, over the places that would be open and that nothing was put into. */
function closedPlaces({ readOnlyRoot, mounts }: DockerRuntimeSettings): Record<string, string> {
  const taken = new Set(mounts.map(({ containerPath }) => posix.join(containerPath, "/").slice(0, -1)));
  const places = readOnlyRoot ? OPEN_PLACES.filter((place) => !taken.has(place)) : [];
  return Object.fromEntries(places.map((place) => [place, "ro,noexec,nosuid,nodev,size=4k"]));
}
