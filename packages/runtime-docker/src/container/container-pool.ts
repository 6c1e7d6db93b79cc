// The containers of one runtime, and what they need of the engine.
//
// Owns: the volume with the server program. Does not own: who is in which container (Housekeeper), and what happens
// in it. Invariants: (1) the engine is asked for an image, and swept, before the first container; (2) when `close` has
// resolved nothing that carries our nonce is left, or it rejects and says what is.
import { RLMError } from "@rlmflow/core";
import type { ReplSpec } from "@rlmflow/core/driver";
import { type Channel, Housekeeper } from "@rlmflow/repl";
import { settlesWithin } from "@rlmflow/repl/driver";
import { DockerEngine } from "../engine/docker-engine.ts";
import { requireImage } from "../image/require-image.ts";
import { ownLabels } from "../owner/labels.ts";
import { removeVolume, sweepForgotten, sweepNonce } from "../owner/sweep.ts";
import type { DockerRuntimeSettings } from "../resolve-options.ts";
import { makeProgramVolume } from "./program-volume.ts";
import { SandboxContainer } from "./sandbox-container.ts";

/** Milliseconds for which an empty shared container is kept for its group. */
const IDLE_MS = 5_000;
/** Milliseconds of a call to the engine. */
const CALL_MS = 30_000;
/** Milliseconds that `close` waits for what is being started. */
const CLOSE_MS = 10_000;
const JOIN_ATTEMPTS = 2;

/** Containers and the places in them; see the head of this file. */
export class ContainerPool {
  readonly #settings: DockerRuntimeSettings;
  readonly #engine: DockerEngine;
  readonly #own = ownLabels();
  readonly #containers: Housekeeper<SandboxContainer>;
  #ready: Promise<void> | null = null;
  #made = 0;
  /** Something may have been made. */
  #touched = false;
  #closed = false;

  constructor(settings: DockerRuntimeSettings) {
    this.#settings = settings;
    // Before the time to open is over, so that it is told what took so long.
    const callMs = Math.min(CALL_MS, settings.times.openMs * 0.9);
    this.#engine = new DockerEngine(settings.docker, callMs);
    this.#containers = new Housekeeper({
      share: settings.share,
      most: settings.agentsPerContainer,
      spares: settings.warm,
      idleMs: IDLE_MS,
      closeMs: CLOSE_MS,
      make: () => this.#start(),
      end: (container) => container.remove(),
      isWell: (container) => container.isRunning(),
    });
  }

  /** A channel to a server program for this REPL. Rejects with `runtime_failed` or `closed`. */
  async open(spec: ReplSpec): Promise<Channel> {
    await this.#prepare();
    const isShared = this.#settings.share === "run" && !spec.alone;
    return await (isShared ? this.#join(spec) : this.#alone(spec));
  }

  /** Removes everything. Rejects with `runtime_failed` when something could not be removed. */
  async close(): Promise<void> {
    this.#closed = true;
    try {
      // Before the first container was asked for, there may not even be an engine.
      if (!this.#touched) return;
      await settlesWithin(CLOSE_MS, Promise.allSettled([this.#ready, this.#containers.close()]));
      const left = await sweepNonce(this.#engine, this.#own.nonce);
      if (left.length > 0) throw notRemoved(left);
      await removeVolume(this.#engine, this.#volume);
    } finally {
      this.#engine.close();
    }
  }

  get #volume(): string {
    return `rlmflow-${this.#own.nonce}`;
  }

  /** Once for all containers; when it fails, the next one tries again. */
  async #prepare(): Promise<void> {
    this.#refuseClosed();
    this.#ready ??= this.#prepareEngine();
    const ready = this.#ready;
    try {
      await ready;
    } catch (error) {
      if (this.#ready === ready) this.#ready = null;
      throw error;
    }
  }

  async #prepareEngine(): Promise<void> {
    await this.#engine.requireEngine();
    await requireImage(this.#engine, this.#settings.image);
    await sweepForgotten(this.#engine);
    this.#touched = true;
    const order = { name: this.#volume, labels: this.#own.labels };
    await makeProgramVolume(this.#engine, this.#settings, order);
  }

  async #start(): Promise<SandboxContainer> {
    this.#refuseClosed();
    this.#made += 1;
    return await SandboxContainer.start({
      engine: this.#engine,
      settings: this.#settings,
      labels: this.#own.labels,
      programVolume: this.#volume,
      name: `rlmflow-${this.#own.nonce}-${this.#made}`,
    });
  }

  /** A process beside others, or, where those let none be started, in a container of its own. */
  async #join(spec: ReplSpec): Promise<Channel> {
    for (let attempt = 1; attempt <= JOIN_ATTEMPTS; attempt += 1) {
      const stay = this.#containers.enter(spec);
      const container = await stay.sandbox;
      const channel = await container.join(() => void stay.leave()).catch(() => null);
      if (channel !== null) return channel;
      // One that was there before and has died is nobody's fault here: the next one is new.
      const hasDied = !(await container.isRunning());
      if (hasDied) stay.retire();
      await stay.leave();
      if (!hasDied) break;
    }
    return await this.#alone(spec);
  }

  async #alone(spec: ReplSpec): Promise<Channel> {
    const stay = this.#containers.enter({ ...spec, alone: true });
    return (await stay.sandbox).channel(() => stay.leave());
  }

  #refuseClosed(): void {
    if (this.#closed)
      throw new RLMError("closed", "The runtime was closed. Make another one with dockerRuntime().");
  }
}

function notRemoved(names: readonly string[]): RLMError {
  const command = `docker rm -f ${names.join(" ")}`;
  return new RLMError("runtime_failed", `Containers could not be removed. Remove them: ${command}`);
}
