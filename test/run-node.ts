import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command is run with. */
export interface CommandOptions {
  readonly cwd: string;
  /** Added to the environment of this process; one that is `undefined` is taken from it. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

/** Runs a command without a shell to its end; it is killed after `timeoutMs`, 30,000 unless given. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd, variables = {}, timeoutMs = 30_000 }: CommandOptions,
): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: "1", ...variables };
  const child = spawn(command, args, { cwd, env, timeout: timeoutMs, killSignal: "SIGKILL" });
  child.stdin.end();
  const { promise: exited, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { exitCode, stdout, stderr };
}

/** Runs Node; see {@link runCommand}. */
export function runNode(args: readonly string[], options: CommandOptions): Promise<Ended> {
  return runCommand(process.execPath, args, options);
}
