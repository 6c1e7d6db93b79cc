import type { ChannelTimes, EvaluatorLimits, ReplLanguage } from "@rlmflow/repl";
import type { DockerConnection } from "./engine/docker-connection.ts";

/** A folder or file of the engine's machine that is seen in the containers. */
export interface DockerMount {
  /** Absolute path on the machine that the engine runs on. */
  readonly hostPath: string;
  /** Absolute path in the container. */
  readonly containerPath: string;
  /** Whether code can only read it. Default true. */
  readonly readOnly?: boolean;
}

/** Which containers there are, what is in them, and what their code may do. Everything has a safe default. */
export interface DockerRuntimeOptions {
  /** An image that has the language's interpreter. Default `rlmflow-sandbox`, which `rlmflow docker build` makes. */
  readonly image?: string;
  /** What agents write. Default JavaScript. */
  readonly language?: ReplLanguage;
  /** Where the engine is. Default what DOCKER_HOST says, else the local socket. */
  readonly docker?: DockerConnection;

  /** `agent`: a container each. `run`: agents of a run share containers, each with a process of its own. Default `agent`. */
  readonly share?: "agent" | "run";
  /** Agents in a shared container at a time; only with `share: "run"`. Default 8. */
  readonly agentsPerContainer?: number;
  /** Containers kept started for whoever comes next, from the first agent on. Default 0. */
  readonly warm?: number;

  /** Megabytes of memory of a container, swap and /tmp included. Default 512, of a shared one 2048. */
  readonly memoryMB?: number;
  /** Cores that a container may use; 0.5 is half of one. Default 1. */
  readonly cpus?: number;
  /** Processes and threads in a container. Default 128, of a shared one 512. */
  readonly pids?: number;
  /** Megabytes of /tmp, the one place that can be written to; it lies in memory. Default 64. */
  readonly tmpMB?: number;
  /** Milliseconds that code may compute at a stretch, without waiting. Default 10,000. */
  readonly timeMs?: number;
  /** Milliseconds until a REPL is open (30,000), and of one entry (`timeMs` + 20,000). */
  readonly times?: Partial<ChannelTimes>;
  /** Caps of the evaluator: output, arguments, calls. */
  readonly limits?: Partial<EvaluatorLimits>;

  /** Name of a network of the engine. Default `none`. */
  readonly network?: string;
  /** Folders of the engine's machine that code can see. Default none. */
  readonly mounts?: readonly DockerMount[];
  /** Environment variables. Default none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Labels beside those that rlmflow finds its containers by. */
  readonly labels?: Readonly<Record<string, string>>;
  /** `uid:gid` or names that the image knows. Default `65534:65534`. */
  readonly user?: string;
  /** Whether the root file system can't be written to, nor `/dev/shm` and `/dev/mqueue`. Default true. */
  readonly readOnlyRoot?: boolean;
  /** Capabilities that are not dropped, for example `NET_BIND_SERVICE`. Default none. */
  readonly capabilities?: readonly string[];
  /** Whether programs can gain rights by being executed (setuid). Default false. */
  readonly newPrivileges?: boolean;
  /** Further `--security-opt` of the engine, for example `seccomp=…`. Default none. */
  readonly securityOptions?: readonly string[];
  /** OCI runtime of the engine, for example `runsc` for gVisor. Default the engine's own. */
  readonly ociRuntime?: string;
  /** Whether a small init process reaps what code leaves behind. Default true. */
  readonly init?: boolean;
}
