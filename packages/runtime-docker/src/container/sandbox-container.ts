// One container, and the stream to its first process.
//
// Owns: the container from its creation to its removal. Does not own: who uses it. Invariants: (1) once made, a
// container is removed, whatever else fails; (2) when this process dies, the first process reads the end of its
// input and ends, and the container with it; (3) a channel that ends by itself ends with an error that says why
// the process died.
import { setTimeout as sleep } from "node:timers/promises";
import type { RLMError } from "@rlmflow/core";
import { type Channel, unblamed } from "@rlmflow/repl";
import type { Container } from "dockerode";
import { attachStream } from "../engine/attach-stream.ts";
import type { DockerEngine } from "../engine/docker-engine.ts";
import { removeContainer } from "../owner/sweep.ts";
import type { DockerRuntimeSettings } from "../resolve-options.ts";
import { type ContainerRole, containerSpec } from "./container-spec.ts";
import { death } from "./death.ts";
import { JoinedProcess } from "./joined-process.ts";
import { ProcessStream } from "./process-stream.ts";

/** What a container is made by, and its name. */
export interface ContainerOrder extends ContainerRole {
  readonly engine: DockerEngine;
  readonly settings: DockerRuntimeSettings;
  readonly name: string;
}

const POLL_MS = 50;
/** Milliseconds after the end of its output in which the engine must know that a container has ended. */
const SETTLE_MS = 3_000;

/** A started container; see the head of this file. */
export class SandboxContainer {
  readonly #order: ContainerOrder;
  readonly #container: Container;
  readonly #first: ProcessStream;
  #removal: Promise<void> | null = null;

  private constructor(order: ContainerOrder, container: Container, first: ProcessStream) {
    this.#order = order;
    this.#container = container;
    this.#first = first;
  }

  /** Makes and starts one. Its first process is a server program that has not been asked for anything. */
  static async start(order: ContainerOrder): Promise<SandboxContainer> {
    const { engine, settings, name } = order;
    const spec = { ...containerSpec(settings, order), name };
    const container = await engine.call("make a container", () => engine.docker.createContainer(spec));
    try {
      const stream = await engine.call("attach to a container", () =>
        attachStream(engine.docker, container.id),
      );
      const started = new SandboxContainer(order, container, new ProcessStream(stream));
      await engine.call("start a container", () => container.start());
      return started;
    } catch (error) {
      await removeContainer(engine, container.id).catch(() => {});
      throw error;
    }
  }

  /** False when nothing runs in it any more, or the engine does not say. */
  async isRunning(): Promise<boolean> {
    return this.#removal === null && (await this.#state())?.Running === true;
  }

  /** The channel to the first process, for one who is alone in the container. Called once, and not beside `join`. */
  channel(close: () => Promise<void>): Channel {
    return this.#first.channel({ why: () => this.#death(), close });
  }

  /**
   * Gives the channel to a further process, which serves one more REPL. `onGone` is called when it has ended.
   * Rejects with `sandbox_lost`, which blames nobody, when the container has ended.
   */
  async join(onGone: () => void): Promise<Channel> {
    void this.#first.drain();
    const { engine, settings } = this.#order;
    const home = {
      engine,
      settings,
      container: this.#container,
      end: () => this.remove(),
      death: async () => ((await this.isRunning()) ? null : unblamed(await this.#death())),
    };
    try {
      return (await JoinedProcess.start(home, onGone)).channel();
    } catch (error) {
      throw (await this.isRunning()) ? error : unblamed(await this.#death());
    }
  }

  /** Kills what runs in it and removes it. Never rejects: what fails is left to the runtime's close. */
  remove(): Promise<void> {
    this.#first.destroy();
    this.#removal ??= removeContainer(this.#order.engine, this.#container.id).catch(() => {});
    return this.#removal;
  }

  async #death(): Promise<RLMError> {
    let state = await this.#state();
    for (let waited = 0; state?.Running === true && waited < SETTLE_MS; waited += POLL_MS) {
      await sleep(POLL_MS);
      state = await this.#state();
    }
    const { spoken, errors } = this.#first;
    return death({
      exitCode: state === null || state.Running ? null : state.ExitCode,
      oomKilled: state?.OOMKilled === true,
      errors,
      shared: false,
      greeted: spoken,
      memoryMB: this.#order.settings.memoryMB,
      program: this.#order.settings.language.server.command[0] ?? "",
    });
  }

  async #state(): Promise<Awaited<ReturnType<Container["inspect"]>>["State"] | null> {
    try {
      return (await this.#order.engine.call("inspect a container", () => this.#container.inspect())).State;
    } catch {
      return null;
    }
  }
}
