import { basename } from "node:path";
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import { type DockerRuntimeSettings, PROGRAM_FOLDER } from "../resolve-options.ts";

const MEGABYTE = 1024 * 1024;

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
    Tmpfs: { "/tmp": `rw,noexec,nosuid,nodev,size=${settings.tmpMB}m,mode=1777` },
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
