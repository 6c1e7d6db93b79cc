// A process that serves one REPL in a container that others share.
//
// Owns: the process and its stream. Does not own: the container, which it ends when the process does not end by
// itself. Invariants: (1) after `close` the process ends: by the end of its input, or with its container once code
// has had all the time it may have; (2) `onGone` is called once, when it is known to have ended.
import { setTimeout as sleep } from "node:timers/promises";
import { RLMError } from "@rlmflow/core";
import type { Channel } from "@rlmflow/repl";
import type { Container, Exec } from "dockerode";
import type { DockerEngine } from "../engine/docker-engine.ts";
import type { DockerRuntimeSettings } from "../resolve-options.ts";
import { processSpec, serverCommand } from "./container-spec.ts";
import { death } from "./death.ts";
import { ProcessStream } from "./process-stream.ts";

/** What a joined process needs of its container. */
export interface JoinedHome {
  readonly engine: DockerEngine;
  readonly settings: DockerRuntimeSettings;
  readonly container: Container;
  /** Kills everything in the container. */
  end(): Promise<void>;
  /** Why the container ended, or `null` while it runs. */
  death(): Promise<RLMError | null>;
}

type Exit = "running" | { readonly code: number | null };

const POLL_MS = 50;
/** Milliseconds in which a process that lost its input may end by itself before nobody waits for it any more. */
const GRACE_MS = 1_000;
/** Milliseconds beyond the time of code in which it must have ended. */
const SLACK_MS = 2_000;

const ENGINE_SPEAKS = /^OCI runtime exec failed|^cannot exec in a /;

/** Nothing of it ran, so it is nobody's fault. */
function notStarted(complaint: string): RLMError {
  const message = `The engine could not start a process beside others: ${complaint.slice(0, LONGEST_COMPLAINT).trim()}`;
  return new RLMError("sandbox_lost", message, { details: { blame: "none" } });
}

const LONGEST_COMPLAINT = 200;

/** A REPL's process in a shared container; see the head of this file. */
export class JoinedProcess {
  readonly #home: JoinedHome;
  readonly #exec: Exec;
  readonly #stream: ProcessStream;
  readonly #onGone: () => void;

  private constructor(home: JoinedHome, exec: Exec, stream: ProcessStream, onGone: () => void) {
    this.#home = home;
    this.#exec = exec;
    this.#stream = stream;
    this.#onGone = onGone;
  }

  /** Starts one. When that fails `onGone` is not called. */
  static async start(home: JoinedHome, onGone: () => void): Promise<JoinedProcess> {
    const { engine, settings, container } = home;
    const attach = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: false };
    const spec = { Cmd: serverCommand(settings), ...processSpec(settings), ...attach };
    const exec = await engine.call("start a process in a container", () => container.exec(spec));
    const stream = await engine.call("start a process in a container", () =>
      exec.start({ hijack: true, stdin: true, Tty: false }),
    );
    return new JoinedProcess(home, exec, new ProcessStream(stream), onGone);
  }

  /** The channel to it. Called once. */
  channel(): Channel {
    const channel = this.#stream.channel({ why: () => this.#death(), close: () => this.#close() });
    return { ...channel, receive: () => this.#frames(channel) };
  }

  /** Where the container has just ended, the engine's complaint stands in the place of what a process says first. */
  async *#frames(channel: Channel): AsyncGenerator<string> {
    let isFirst = true;
    for await (const frame of channel.receive()) {
      if (isFirst && ENGINE_SPEAKS.test(frame)) throw notStarted(frame);
      isFirst = false;
      yield frame;
    }
  }

  async #close(): Promise<void> {
    this.#stream.endInput();
    void this.#stream.drain();
    if (await this.#endsWithin(GRACE_MS)) this.#gone();
    else void this.#endHard();
  }

  async #endHard(): Promise<void> {
    const { settings } = this.#home;
    if (!(await this.#endsWithin(settings.timeMs + SLACK_MS))) await this.#home.end();
    this.#gone();
  }

  #gone(): void {
    this.#stream.destroy();
    this.#onGone();
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    await this.#stream.endsWithin(ms);
    while ((await this.#exit()) === "running") {
      if (performance.now() >= end) return false;
      await sleep(POLL_MS);
    }
    return true;
  }

  async #exit(): Promise<Exit> {
    try {
      const { Running, ExitCode } = await this.#home.engine.call("inspect a process", () =>
        this.#exec.inspect(),
      );
      return Running ? "running" : { code: ExitCode };
    } catch {
      return { code: null };
    }
  }

  async #death(): Promise<RLMError> {
    await this.#endsWithin(GRACE_MS);
    const exit = await this.#exit();
    const { spoken, errors } = this.#stream;
    // A process that never got to work may have been killed with a container that could not start its own.
    const containerDeath = spoken ? null : await this.#home.death();
    if (containerDeath !== null) return containerDeath;
    return death({
      exitCode: exit === "running" ? null : exit.code,
      oomKilled: false,
      errors,
      shared: true,
      greeted: spoken,
      memoryMB: this.#home.settings.memoryMB,
      program: this.#home.settings.language.server.command[0] ?? "",
    });
  }
}
