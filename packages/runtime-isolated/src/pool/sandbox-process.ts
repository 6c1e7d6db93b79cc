/**
 * One sandbox process. Owns: the child, its pipe, the seats in it, and its death. Does not own: which agents
 * share it (process-pool.ts), what a death means for whom (blame.ts).
 *
 * 1. However the process ends, each seat is notified once, as soon as the end is known, and `exited` resolves.
 * 2. The process is ended only by SIGKILL, and no frame of it is taken after that.
 * 3. The process keeps the engine's event loop alive only while somebody holds it.
 * 4. While more than WRITE_AHEAD_BYTES wait to be written to it, no frame of it is read.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { parse } from "node:path";
import { RLMError } from "@rlmflow/core";
import { REPLAY_PATIENCE } from "@rlmflow/repl/driver";
import { encodeFrame, type Frame, FrameReader, MalformedFrame } from "../frame.ts";
import type { Launch } from "../launch.ts";
import type { IsolatedRuntimeLimits } from "../options.ts";
import { type ReplyKind, type RequestKind, replyKinds, requestKinds, type Setup } from "../wire.ts";
import { blame, type Death } from "./blame.ts";
import type { PooledProcess } from "./pooled-process.ts";
import { Seat, type SeatPort } from "./seat.ts";

/** What a sandbox process is started with. */
export interface SandboxProcessOptions {
  readonly launch: Launch;
  readonly limits: Required<IsolatedRuntimeLimits>;
  /** Called once, when it has ended or is as good as. */
  readonly onEnd: () => void;
}

/** Milliseconds until a process that was started must be able to make isolates. */
const START_MS = 30_000;
/** Characters of what it writes to stderr that are kept: V8 may put long traces before the word that counts. */
const STDERR_CHARACTERS = 64 * 1024;
/** Those of them that stand in an error message. */
const SHOWN_CHARACTERS = 4096;
/**
 * What V8, isolated-vm in its place, or the C++ library says when an isolate wants more memory than it can have:
 * its heap is full beyond rescue, or code asked at once for a list or a table larger than any heap holds.
 */
const OUT_OF_MEMORY =
  /out.of.memory|failed to terminate|invalid (?:\w+ )?(?:size|length)|allocation failed|failed to (?:allocate|reserve)|cannot allocate|bad_alloc|heap limit/i;
/** Bytes that may wait to be written before reading stops. */
const WRITE_AHEAD_BYTES = 4 * 1024 * 1024;

/** A child process full of isolates; see the head of this file. */
export class SandboxProcess implements PooledProcess {
  /** Resolves when isolates can be opened; rejects with `runtime_failed`. */
  readonly ready: Promise<void>;
  /** Resolves when the operating system has forgotten the process. */
  readonly exited: Promise<void>;
  readonly #options: SandboxProcessOptions;
  readonly #child: ChildProcess;
  readonly #pipe: Socket;
  readonly #reader = new FrameReader(replyKinds);
  readonly #seats = new Map<number, Seat>();
  readonly #readiness = Promise.withResolvers<void>();
  readonly #startTimer: NodeJS.Timeout;
  #stderr = "";
  #sessions = 0;
  #entries = 0;
  #tainted = false;
  #holds = 0;
  #killedFromOutside = false;
  #death: Death | undefined;

  constructor(options: SandboxProcessOptions) {
    this.#options = options;
    this.#child = spawnHost(options.launch);
    this.#pipe = pipeOf(this.#child);
    this.ready = this.#readiness.promise;
    // Nobody may be waiting for a spare process that fails.
    this.ready.catch(() => {});
    this.exited = new Promise((resolve) => {
      this.#child.once("close", () => resolve());
      this.#child.once("error", () => resolve());
    });
    this.#startTimer = setTimeout(() => this.end("it did not start in time"), START_MS);
    this.#listen();
    this.#applyHolds();
    const { memoryMB, timeMs } = options.limits;
    const { evaluator } = options.launch;
    const setup: Setup = { evaluator, memoryMB, timeMs, replayedTimeMs: timeMs * REPLAY_PATIENCE };
    this.#send("setup", 0, JSON.stringify(setup));
  }

  /** The operating system's number for it; `undefined` when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sessions that were ever opened in it. */
  get sessions(): number {
    return this.#sessions;
  }

  get entries(): number {
    return this.#entries;
  }

  get tainted(): boolean {
    return this.#tainted;
  }

  /** True while code runs in it. */
  get executes(): boolean {
    return [...this.#seats.values()].some((seat) => seat.occupant.executing);
  }

  addSeat(onLeft: () => void): Seat {
    this.#sessions += 1;
    const session = this.#sessions;
    const port: SeatPort = {
      limits: this.#options.limits,
      send: (kind, to, text) => this.#send(kind, to, text),
      entered: () => {
        this.#entries += 1;
      },
      broken: () => {
        this.#tainted = true;
      },
      hold: () => this.#hold(1),
      release: () => this.#hold(-1),
      hung: () => this.#killHung(),
      stuck: () => this.end("an isolate in it could not be stopped"),
      left: (left) => {
        this.#seats.delete(left);
        onLeft();
      },
    };
    const seat = new Seat(session, port);
    this.#seats.set(session, seat);
    if (this.#death)
      seat.processGone({ kind: "lost", blame: "none", message: "The sandbox process is gone." });
    return seat;
  }

  /** Keeps the engine's event loop alive until the promise settles. */
  async holdWhile<T>(promise: Promise<T>): Promise<T> {
    this.#hold(1);
    return promise.finally(() => this.#hold(-1));
  }

  clear(): void {
    this.#send("clear", 0, "");
  }

  /** Ends it with nobody at fault. */
  end(why: string): void {
    this.#die({ kind: "ended", why });
  }

  /** Ends it because it takes more memory than it may. */
  endForMemory(): void {
    this.#die({ kind: "memory" });
  }

  #listen(): void {
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, STDERR_CHARACTERS);
    });
    this.#child.once("close", (code, signal) => this.#die(this.#crash(signal ?? `exit code ${code}`)));
    this.#child.once("error", (error) => this.#die({ kind: "ended", why: error.message }));
    this.#pipe.on("data", (bytes) => this.#receive(bytes));
    this.#pipe.on("drain", () => this.#pipe.resume());
    // A broken pipe says less than the exit that follows it.
    this.#pipe.on("error", () => {});
  }

  #receive(bytes: Buffer): void {
    if (this.#death) return;
    try {
      for (const frame of this.#reader.push(bytes)) this.#take(frame);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
      this.#die({ kind: "violated", what: error.message });
    }
    if (this.#pipe.writableLength > WRITE_AHEAD_BYTES) this.#pipe.pause();
  }

  #take(frame: Frame<ReplyKind>): void {
    if (this.#death) return;
    if (frame.session === 0 && frame.kind === "ready") {
      clearTimeout(this.#startTimer);
      this.#readiness.resolve();
      return;
    }
    const seat = this.#seats.get(frame.session);
    const wrong = seat ? seat.receive(frame) : `"${frame.kind}" of no session`;
    if (wrong !== null) this.#die({ kind: "violated", what: wrong });
  }

  #send(kind: RequestKind, session: number, text: string): boolean {
    const bytes = encodeFrame(requestKinds[kind], session, text);
    if (bytes === null) return false;
    if (this.#pipe.writable) this.#pipe.write(bytes);
    return true;
  }

  /** All whose time is over, not only the one that was noticed first. */
  #killHung(): void {
    const hung = [...this.#seats.values()].filter((seat) => seat.isOverdue);
    this.#die({ kind: "hung", sessions: new Set(hung.map((seat) => seat.session)) });
  }

  /** True when neither we nor code inside ended the process. */
  get killedFromOutside(): boolean {
    return this.#killedFromOutside;
  }

  #crash(how: string): Death {
    // V8 is known to crash while it takes an isolate down; whose code runs beside it can't help that.
    const leaving = [...this.#seats.values()].some((seat) => seat.leaving);
    if (leaving && how === "SIGSEGV")
      return { kind: "ended", why: "it crashed while an isolate was disposed" };
    // Code inside can't send signals: somebody outside, or the kernel short of memory, killed the process.
    this.#killedFromOutside = how === "SIGKILL";
    if (this.#killedFromOutside) return { kind: "ended", why: "it was killed from outside" };
    return { kind: "crashed", how, heap: OUT_OF_MEMORY.test(this.#stderr) };
  }

  #die(death: Death): void {
    if (this.#death) return;
    this.#death = death;
    clearTimeout(this.#startTimer);
    this.#child.kill("SIGKILL");
    this.#pipe.destroy();
    this.#readiness.reject(this.#startFailure(death));
    const seats = [...this.#seats.values()];
    const occupants = seats.map((seat) => seat.occupant);
    const states = blame(death, occupants, this.#options.limits);
    for (const seat of seats) {
      const state = states.get(seat.session);
      if (state !== undefined) seat.processGone(state);
    }
    this.#seats.clear();
    this.#options.onEnd();
  }

  #startFailure(death: Death): RLMError {
    const why = death.kind === "crashed" ? death.how : death.kind === "ended" ? death.why : death.kind;
    const words = this.#stderr.trim().slice(0, SHOWN_CHARACTERS);
    const said = words === "" ? "" : ` It said: ${words}`;
    const message = `A sandbox process could not be started (${why}). Check that isolated-vm 7 fits this Node.${said}`;
    return new RLMError("runtime_failed", message);
  }

  #hold(change: 1 | -1): void {
    this.#holds += change;
    this.#applyHolds();
  }

  #applyHolds(): void {
    const held = this.#holds > 0;
    for (const handle of [this.#child, this.#pipe, this.#startTimer]) held ? handle.ref() : handle.unref();
    // `exited` waits for its end too.
    const { stderr } = this.#child;
    if (stderr instanceof Socket) held ? stderr.ref() : stderr.unref();
  }
}

function spawnHost(launch: Launch): ChildProcess {
  const child = spawn(process.execPath, launch.args, {
    cwd: parse(process.execPath).root,
    env: {},
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    // Ctrl-C goes to every process of the terminal's group, and it would end a host that is still starting.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  // Without a listener, a process that could not be started would end this one.
  return child.on("error", () => {});
}

function pipeOf(child: ChildProcess): Socket {
  // Where files run out there is no `stdio` at all, whatever its type says.
  const stdio: unknown = child.stdio;
  const pipe: unknown = Array.isArray(stdio) ? stdio[3] : undefined;
  if (pipe instanceof Socket) return pipe;
  child.kill("SIGKILL");
  throw new RLMError(
    "runtime_failed",
    "A sandbox process could not be given a pipe: this process has too many files open. Raise its limit (ulimit -n).",
  );
}
