// One child process that serves a REPL, and whatever it started.
//
// Owns: the process, its group, the end of what it wrote to stderr. Does not own: what frames mean.
// Invariants: (1) once the process has exited, or `close` was called, its group is killed, and so is what left the
// group and can still be told to descend from it; (2) `frames` ends by throwing how the process ended, soon after
// it did, whoever else still holds its streams; (3) what it writes beside frames is read on and forgotten but for
// the last 4 KiB; (4) `close` takes no longer than FAREWELL_MS and EXIT_MS together.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { RLMError } from "@rlmflow/core";
import { TextTail, type WatchedProcess } from "@rlmflow/repl";
import { type FailedLimit, settlesWithin } from "@rlmflow/repl/driver";
import { deathOf } from "./death.ts";
import type { Launch } from "./launch.ts";
import type { ProcessTable } from "./process-table.ts";

const STDERR_BYTES = 4096;
/** For the rest of what an exited process wrote, while another process holds its streams. */
const DRAIN_MS = 1000;
/** For a process that was told to end. */
const FAREWELL_MS = 500;
/** For a killed process to be gone. */
const EXIT_MS = 5000;
/** Rounds of killing what left the group: who starts processes faster than that is not caught up with. */
const ROUNDS = 5;

/** A child process, see the head of this file. Make one with {@link startProcess}. */
export class SandboxProcess implements WatchedProcess {
  readonly pid: number;
  readonly launch: Launch;
  readonly #child: ChildProcess;
  readonly #processes: ProcessTable;
  readonly #stderr = new TextTail(STDERR_BYTES);
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #exited: Promise<void>;
  /** The process is gone and what it wrote is read. */
  readonly #ended: Promise<void>;
  #limit: FailedLimit | null = null;
  #executes = false;
  #closing: Promise<void> | null = null;

  constructor(pid: number, child: ChildProcess, launch: Launch, processes: ProcessTable) {
    this.pid = pid;
    this.launch = launch;
    this.#child = child;
    this.#processes = processes;
    [this.#input, this.#output] = framesOf(child, launch);
    for (const stream of new Set([...child.stdio, this.#input, this.#output])) stream?.on("error", () => {});
    const talk = launch.hasSocket ? [child.stdout, child.stderr] : [child.stderr];
    for (const stream of talk) stream?.on("data", (bytes: Uint8Array) => this.#stderr.push(bytes));
    child.on("error", () => {});
    this.#exited = heard(child, "exit");
    this.#ended = this.#end(heard(child, "close"));
  }

  /** Whether it was given something to do and has not answered. */
  get executes(): boolean {
    return this.#executes;
  }

  /** Bytes of frames. Throws `sandbox_lost` at the end. */
  async *frames(): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of this.#input) {
        this.#executes = false;
        yield bytes;
      }
    } catch {
      // The stream was cut; the reason is how the process ended.
    }
    throw await this.death();
  }

  /** Resolves when more may be written, or never will be. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#executes = true;
    if (this.#output.destroyed || this.#output.write(bytes)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#output.once("drain", resolve).once("close", resolve);
    await promise;
    this.#output.off("drain", resolve).off("close", resolve);
  }

  /** How the process ended; given a moment, for streams end before processes do. */
  async death(): Promise<RLMError> {
    await settlesWithin(DRAIN_MS, this.#ended);
    const { exitCode, signalCode } = this.#child;
    return deathOf({ exitCode, signalCode, stderr: this.stderr, limit: this.#limit, launch: this.launch });
  }

  /** The end of what it wrote beside its frames. */
  get stderr(): string {
    let text = this.#stderr.text();
    for (const [path, name] of this.launch.hidden) text = text.replaceAll(path, name);
    return text;
  }

  endForMemory(limitMB: number): void {
    this.#limit ??= { name: "rssMB", value: limitMB, unit: "MB" };
    this.#killGroup();
  }

  /** Ends the process, its group, and what left the group. `polite` when it was told to end. Rejects when it stays. */
  close(polite = false): Promise<void> {
    this.#closing ??= this.#close(polite);
    return this.#closing;
  }

  async #close(polite: boolean): Promise<void> {
    if (polite) {
      this.#output.end();
      await settlesWithin(FAREWELL_MS, this.#ended);
    }
    const strays = await this.#strays();
    this.#killGroup();
    for (const pid of strays) kill(pid);
    await settlesWithin(EXIT_MS, this.#exited);
    this.#destroyStreams();
    if (strays.length > 0) await this.#killStrays();
    if (this.#hasExited()) return;
    const message = `The process ${this.pid} was killed and did not end within ${EXIT_MS} ms. See what it waits for.`;
    throw new RLMError("runtime_failed", message);
  }

  /** What was found may have started more before it ended. */
  async #killStrays(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const strays = await this.#strays();
      if (strays.length === 0) return;
      for (const pid of strays) kill(pid);
    }
  }

  async #strays(): Promise<readonly number[]> {
    const { marker, mayStray } = this.launch;
    return mayStray ? await this.#processes.descendants({ pid: this.pid, marker }) : [];
  }

  async #end(closed: Promise<void>): Promise<void> {
    await this.#exited;
    // What it started must not outlive it, and would keep its streams open.
    this.#killGroup();
    await settlesWithin(DRAIN_MS, closed);
    this.#destroyStreams();
  }

  #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** A group outlives its first process, and its id is not given to another while it does. */
  #killGroup(): void {
    kill(process.platform === "win32" ? this.pid : -this.pid);
  }

  #destroyStreams(): void {
    for (const stream of this.#child.stdio) stream?.destroy();
  }
}

/** Starts a process in a group of its own. Rejects with `runtime_failed` when there is none to be had. */
export async function startProcess(launch: Launch, processes: ProcessTable): Promise<SandboxProcess> {
  const child = spawnChild(launch);
  try {
    if (child.pid === undefined) await once(child, "spawn");
  } catch (cause) {
    throw failedStart(launch, cause);
  }
  return new SandboxProcess(child.pid ?? 0, child, launch, processes);
}

function spawnChild({ program, args, environment, workingDirectory, hasSocket }: Launch): ChildProcess {
  return spawn(program, [...args], {
    cwd: workingDirectory,
    env: environment,
    detached: true,
    windowsHide: true,
    stdio: hasSocket ? ["ignore", "pipe", "pipe", "pipe"] : ["pipe", "pipe", "pipe"],
  });
}

function failedStart({ shown, program }: Launch, cause: unknown): RLMError {
  const code = cause instanceof Error && "code" in cause ? cause.code : null;
  const missing = `the interpreter in the first line of ${JSON.stringify(program)} does not exist`;
  const why = code === "ENOENT" ? missing : cause instanceof Error ? cause.message : String(cause);
  return new RLMError("runtime_failed", `${shown} could not be started: ${why}.`, { cause });
}

function framesOf(child: ChildProcess, { hasSocket }: Launch): readonly [Readable, Writable] {
  const [input, output, , socket] = child.stdio;
  const readable = hasSocket ? socket : output;
  const writable = hasSocket ? socket : input;
  if (isReadable(readable) && isWritable(writable)) return [readable, writable];
  throw new RLMError("runtime_failed", "The process was started without its streams.");
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === "object" && stream !== null && "read" in stream;
}

function isWritable(stream: unknown): stream is Writable {
  return typeof stream === "object" && stream !== null && "write" in stream;
}

function heard(child: ChildProcess, event: "exit" | "close"): Promise<void> {
  return new Promise((resolve) => child.once(event, () => resolve()));
}

/** A process that is gone is what was wanted. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}
