import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { OutputLog } from "./output-log.ts";

/** How a program ended. */
export type ExecEnd = { readonly code: number } | { readonly signal: number };

/** A program that runs in a sandbox. Its streams may be asked for again, its input may be sent again. */
export interface SandboxExec {
  readonly stdout: OutputLog;
  readonly stderr: OutputLog;
  readonly ended: Promise<ExecEnd>;
  readonly running: boolean;
  /** Bytes of input taken so far, and whether that was all. */
  readonly input: { readonly length: number; readonly closed: boolean };
  /** Takes the bytes that are new after `offset`; resolves when the program's pipe has room. */
  write(offset: number, bytes: Uint8Array, isLast: boolean): Promise<void>;
  kill(): void;
}

/** Where and within which bounds a program runs. */
export interface LocalExecOptions {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A program above it is killed, as Modal does with a hard limit of memory. */
  readonly memoryLimitMiB?: number;
}

const KILLED = 9;
const WATCH_MS = 20;
const PAGE_BYTES = 4096;

/** A program as a process of this machine, in a process group of its own. */
export class LocalExec implements SandboxExec {
  readonly stdout = new OutputLog();
  readonly stderr = new OutputLog();
  readonly ended: Promise<ExecEnd>;
  readonly input = { length: 0, closed: false };
  running = true;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor([file = "", ...args]: readonly string[], options: LocalExecOptions) {
    const { folder: cwd, environment: env, memoryLimitMiB } = options;
    this.#child = spawn(file, args, { cwd, env, detached: true, stdio: "pipe" });
    this.#child.stdin.on("error", () => {});
    this.#child.stdout.on("data", (bytes: Uint8Array) => this.stdout.append(bytes));
    this.#child.stderr.on("data", (bytes: Uint8Array) => this.stderr.append(bytes));
    this.ended = this.#watchEnd();
    if (memoryLimitMiB !== undefined) this.#watchMemory(memoryLimitMiB * 1024 * 1024);
  }

  async write(offset: number, bytes: Uint8Array, isLast: boolean): Promise<void> {
    const fresh = bytes.subarray(this.input.length - offset);
    this.input.length += fresh.length;
    const { stdin } = this.#child;
    if (fresh.length > 0 && stdin.writable) await new Promise((resolve) => stdin.write(fresh, resolve));
    if (!isLast) return;
    this.input.closed = true;
    stdin.end();
  }

  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  async #watchEnd(): Promise<ExecEnd> {
    const end = await new Promise<ExecEnd>((resolve) => {
      this.#child.once("error", (error) => {
        this.stderr.append(Buffer.from(`${error.message}\n`));
        resolve({ code: 127 });
      });
      this.#child.once("close", (code) => resolve(code === null ? { signal: KILLED } : { code }));
    });
    this.running = false;
    this.kill();
    this.stdout.end();
    this.stderr.end();
    return end;
  }

  #watchMemory(limit: number): void {
    const timer = setInterval(() => {
      if (residentBytes(this.#child.pid) > limit) this.kill();
    }, WATCH_MS);
    void this.ended.then(() => clearInterval(timer));
  }
}

/** Modal's own tool that writes a file: its input is what the file holds. */
export class FileWriteExec implements SandboxExec {
  readonly stdout = new OutputLog();
  readonly stderr = new OutputLog();
  readonly input = { length: 0, closed: false };
  running = true;
  readonly ended: Promise<ExecEnd>;
  readonly #path: string;
  readonly #pieces: Uint8Array[] = [];
  readonly #end = Promise.withResolvers<ExecEnd>();

  constructor(path: string) {
    this.#path = path;
    this.ended = this.#end.promise;
  }

  async write(offset: number, bytes: Uint8Array, isLast: boolean): Promise<void> {
    const fresh = bytes.slice(this.input.length - offset);
    this.input.length += fresh.length;
    this.#pieces.push(fresh);
    if (!isLast) return;
    this.input.closed = true;
    await mkdir(dirname(this.#path), { recursive: true });
    await writeFile(this.#path, Buffer.concat(this.#pieces));
    this.#finish({ code: 0 });
  }

  kill(): void {
    this.#finish({ signal: KILLED });
  }

  #finish(end: ExecEnd): void {
    this.running = false;
    this.#end.resolve(end);
    this.stdout.end();
    this.stderr.end();
  }
}

/** Memory that a process holds, or 0 where the system does not tell. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
