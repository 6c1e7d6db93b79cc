import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import type { ReplLanguage } from "@rlmflow/repl";
import { findExecutable } from "./find-executable.ts";
import type { LaunchSettings } from "./resolve-options.ts";
import { runsOnNode } from "./runs-on-node.ts";

/** Everything that one process is started from. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Frames travel over a socket of their own, descriptor 3; else over stdin and stdout. */
  readonly hasSocket: boolean;
  /** The server of this package, on this machine; else a command of the user's. */
  readonly isOwn: boolean;
  /** Whether code that escaped could start processes that leave the group. */
  readonly mayStray: boolean;
  /** The limit of V8's heap, where it is ours to set. */
  readonly memoryMB: number | null;
  /** What stands in the environment of this process and of all that descend from it. */
  readonly marker: string;
  /** The command for messages: without its arguments and paths, for models read them too. */
  readonly shown: string;
  /** Paths that must not be shown to code, each with what stands for it. */
  readonly hidden: ReadonlyMap<string, string>;
}

const SOCKET = 3;
/** Names the variable that marks the processes of one sandbox. */
export const MARKER = "RLMFLOW_SANDBOX";

/** Puts together what to start. Throws `runtime_failed` when it is not there. */
export async function prepareLaunch(settings: LaunchSettings, language: ReplLanguage): Promise<Launch> {
  const workingDirectory = settings.workingDirectory ?? process.cwd();
  const environment = environmentOf(settings.environment);
  const [program = "", ...args] = settings.command ?? ownCommand(settings, language);
  // The user's PATH finds the program even where the process itself sees none.
  const path = environment.PATH ?? process.env.PATH ?? "";
  const isOwn = settings.command === null;
  const { file } = language.server;
  const marker = randomUUID();
  return {
    program: await findExecutable(program, { workingDirectory, path }),
    args,
    environment: isOwn ? { ...environment, [MARKER]: marker } : environment,
    workingDirectory,
    hasSocket: isOwn && language.server.takesDescriptor,
    isOwn,
    memoryMB: isOwn && runsOnNode(language) ? settings.memoryMB : null,
    mayStray: isOwn && settings.permissions === null,
    marker,
    shown: isOwn
      ? `the ${language.language.name} server`
      : JSON.stringify([basename(program), ...args.slice(0, 1).map(() => "…")].join(" ")),
    hidden: new Map(
      isOwn
        ? [
            [process.execPath, "node"],
            [realpathSync(file), "server"],
            [workingDirectory, "."],
          ]
        : [],
    ),
  };
}

function environmentOf(allowed: Readonly<Record<string, string | true>>): Record<string, string> {
  const values = Object.entries(allowed).flatMap(([name, value]): [string, string][] => {
    const own = value === true ? process.env[name] : value;
    return own === undefined ? [] : [[name, own]];
  });
  return Object.fromEntries(values);
}

function ownCommand(settings: LaunchSettings, language: ReplLanguage): readonly string[] {
  const { server } = language;
  const [interpreter = "", ...args] = server.command;
  const file = realpathSync(server.file);
  const program = runsOnNode(language)
    ? [process.execPath, ...args, ...nodeFlags(settings, file)]
    : [interpreter, ...args];
  const socket = server.takesDescriptor ? ["--fd", String(SOCKET)] : [];
  return [...program, file, ...socket, "--time-ms", String(settings.timeMs)];
}

function nodeFlags({ memoryMB, permissions }: LaunchSettings, file: string): readonly string[] {
  const memory = `--max-old-space-size=${memoryMB}`;
  if (permissions === null) return [memory];
  return [
    memory,
    "--permission",
    ...[file, ...permissions.readable].map((path) => `--allow-fs-read=${path}`),
    ...permissions.writable.map((path) => `--allow-fs-write=${path}`),
  ];
}
