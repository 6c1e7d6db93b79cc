import type { ChannelTimes, EvaluatorLimits, ReplLanguage } from "@rlmflow/repl";

/** Options of {@link subprocessRuntime}. */
export interface SubprocessRuntimeOptions {
  /**
   * Program and arguments of what serves one REPL on its stdin and stdout, for example
   * `["ssh", "host", "node", "server.mjs"]`. Unless given: this Node, or the language's own interpreter, and the
   * language's server.
   */
  readonly command?: readonly string[];
  /** Where the process starts; this process's own unless given. */
  readonly workingDirectory?: string;
  /** What the process sees of the environment; nothing unless given. */
  readonly environment?: SubprocessEnvironment;
  /** Node's permission model around the server that comes with this package; off unless given. */
  readonly permissions?: SubprocessPermissions;
  /** Megabytes of V8's heap in this package's own server; 512 unless given. */
  readonly memoryMB?: number;
  /**
   * Resident megabytes of a process, of which about 60 are Node's own; 1,024 unless given. Watched while code runs,
   * where /proc is (Linux), and only for this package's own server; programs that it starts are not counted.
   */
  readonly rssMB?: number;
  /** Milliseconds that code may compute without waiting; 10,000 unless given. Part of a command of your own. */
  readonly timeMs?: number;
  readonly times?: Partial<SubprocessTimes>;
  /** Caps of the evaluator: output, arguments, calls. */
  readonly limits?: Partial<EvaluatorLimits>;
  /** What is spoken inside; JavaScript unless given. */
  readonly language?: ReplLanguage;
}

/** Names of variables to pass on, or variables with their values; `true` passes on what this process has. */
export type SubprocessEnvironment = readonly string[] | Readonly<Record<string, string | true>>;

/** Files and folders that escaped code could still reach; child processes, threads and addons it could not. */
export interface SubprocessPermissions {
  readonly readable?: readonly string[];
  readonly writable?: readonly string[];
}

/** Milliseconds that a process may take. */
export interface SubprocessTimes extends ChannelTimes {
  /** After which a REPL that nobody used is ended; it is rebuilt when it is needed. Never unless given. */
  readonly idleMs: number;
}
