// Which agents are in which containers.
//
// Owns: every container of the runtime, the volume with the server program, the warm containers. Does not own:
// what happens in a container. Invariants: (1) the engine is asked for an image, and swept, before the first
// container; (2) a shared container serves one group in its life, and an agent that asks to be alone shares with
// nobody; (3) when `close` has resolved nothing that carries our nonce is left, or it rejects and says what is.
import { RLMError } from "@rlmflow/core";
import type { ReplSpec } from "@rlmflow/core/driver";
import { type Channel, settlesWithin } from "@rlmflow/repl";
import { DockerEngine } from "../engine/docker-engine.ts";
import { requireImage } from "../image/require-image.ts";
import { ownLabels } from "../owner/labels.ts";
import { removeVolume, sweepForgotten, sweepNonce } from "../owner/sweep.ts";
import type { DockerRuntimeSettings } from "../resolve-options.ts";
import { makeProgramVolume } from "./program-volume.ts";
import { SandboxContainer } from "./sandbox-container.ts";

interface Shared {
  readonly group: string;
  readonly container: Promise<SandboxContainer>;
  /** Places taken or promised. */
  taken: number;
  idle: NodeJS.Timeout | undefined;
}

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
  readonly #shared = new Set<Shared>();
  readonly #warm: Promise<SandboxContainer>[] = [];
  readonly #starting = new Set<Promise<SandboxContainer>>();
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
  }

  /** A channel to a server program for this REPL. Rejects with `runtime_failed` or `closed`. */
  async open(spec: ReplSpec): Promise<Channel> {
    await this.#prepare();
    if (this.#settings.share === "run" && !spec.alone) return await this.#join(spec.group);
    // A first process is one REPL's: who is alone in a runtime that shares has a container of the same kind.
    const container = await (this.#settings.share === "run" ? this.#start() : this.#next());
    return container.channel();
  }

  /** Removes everything. Rejects with `runtime_failed` when something could not be removed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { idle } of this.#shared) clearTimeout(idle);
    try {
      // Before the first container was asked for, there may not even be an engine.
      if (!this.#touched) return;
      const kept = [...this.#warm, ...[...this.#shared].map(({ container }) => container), ...this.#starting];
      const removals = kept.map((container) => container.then((started) => started.remove()));
      await settlesWithin(CLOSE_MS, Promise.allSettled([this.#ready ?? Promise.resolve(), ...removals]));
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

  #start(): Promise<SandboxContainer> {
    this.#refuseClosed();
    this.#made += 1;
    const starting = SandboxContainer.start({
      engine: this.#engine,
      settings: this.#settings,
      labels: this.#own.labels,
      programVolume: this.#volume,
      name: `rlmflow-${this.#own.nonce}-${this.#made}`,
    });
    this.#starting.add(starting);
    const over = (): void => void this.#starting.delete(starting);
    starting.then(over, over);
    return starting;
  }

  /** A warm container that is still well, else a new one; then the warm ones are made up for. */
  async #next(): Promise<SandboxContainer> {
    for (let warm = this.#warm.shift(); warm !== undefined; warm = this.#warm.shift()) {
      const container = await warm.catch(() => null);
      if (container === null) continue;
      if (await container.isRunning()) {
        this.#keepWarm();
        return container;
      }
      await container.remove();
    }
    const container = await this.#start();
    this.#keepWarm();
    return container;
  }

  #keepWarm(): void {
    if (this.#closed) return;
    while (this.#warm.length < this.#settings.warm) {
      const starting = this.#start();
      starting.catch(() => {});
      this.#warm.push(starting);
    }
  }

  /** A process beside others, or, where those let none be started, in a container of its own. */
  async #join(group: string): Promise<Channel> {
    for (let attempt = 1; attempt <= JOIN_ATTEMPTS; attempt += 1) {
      const place = this.#placeFor(group);
      const container = await this.#containerOf(place);
      const channel = await container.join(() => this.#leave(place)).catch(() => null);
      if (channel !== null) return channel;
      // One that was there before and has died is nobody's fault here: the next one is new.
      if (await this.#hasDied(place)) continue;
      this.#leave(place);
      break;
    }
    return (await this.#start()).channel();
  }

  async #containerOf(place: Shared): Promise<SandboxContainer> {
    try {
      return await place.container;
    } catch (error) {
      await this.#discard(place);
      throw error;
    }
  }

  /** Takes out a container that runs no more. */
  async #hasDied(place: Shared): Promise<boolean> {
    if (await (await place.container).isRunning()) return false;
    await this.#discard(place);
    return true;
  }

  #placeFor(group: string): Shared {
    const most = this.#settings.agentsPerContainer;
    const known = this.#shared.values().find((shared) => shared.group === group && shared.taken < most);
    const place = known ?? { group, container: this.#next(), taken: 0, idle: undefined };
    this.#shared.add(place);
    place.taken += 1;
    clearTimeout(place.idle);
    return place;
  }

  /** An empty container is kept for its group for a while, unless it has died. */
  #leave(place: Shared): void {
    place.taken -= 1;
    if (place.taken > 0 || this.#closed) return;
    clearTimeout(place.idle);
    place.idle = setTimeout(() => this.#discard(place), IDLE_MS).unref();
    void this.#discardDead(place);
  }

  async #discardDead(place: Shared): Promise<void> {
    const container = await place.container;
    if (!(await container.isRunning()) && place.taken === 0) await this.#discard(place);
  }

  async #discard(place: Shared): Promise<void> {
    this.#shared.delete(place);
    const container = await place.container.catch(() => null);
    await container?.remove();
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
