// The sandboxes of one runtime, and which REPLs are in which.
//
// Owns: every sandbox from the moment it is asked for until it has ended. Does not own: what happens in a sandbox.
// Invariants: (1) a shared sandbox serves one group in its life, and a REPL that asks to be alone shares with nobody;
// (2) a sandbox that was retired takes no new REPLs; (3) a sandbox ends once the last REPL has left it, at once or
// after the time for which it is kept; (4) `close` waits for sandboxes that are still being made, and ends them too;
// (5) every sandbox is ended once, and one that may still run is named by `close`.
import { RLMError } from "@rlmflow/core";
import type { ReplSpec } from "@rlmflow/core/driver";
import { settlesWithin } from "./settles-within.ts";

/** What there is to know of the sandboxes of a runtime. */
export interface HousekeeperOptions<Sandbox> {
  /** `agent`: a sandbox for each REPL. `run`: REPLs of one group share. */
  readonly share: "agent" | "run";
  /** REPLs in a shared sandbox at a time. No limit unless given. */
  readonly most?: number;
  /** Sandboxes kept made for whoever comes next, from the first REPL on. None unless given. */
  readonly spares?: number;
  /** Milliseconds for which an empty shared sandbox is kept for its group. None unless given. */
  readonly idleMs?: number;
  /** Milliseconds that `close` waits. */
  readonly closeMs: number;
  /** Makes one for a REPL; a spare one for the REPL that came last. */
  make(spec: ReplSpec): Promise<Sandbox>;
  /** Ends one, whatever is in it. Rejects with what to do when it may still run. */
  end(sandbox: Sandbox): Promise<void>;
  /** Whether one that waited still runs. Taken for granted unless given. */
  isWell?(sandbox: Sandbox): Promise<boolean>;
}

/** The stay of one REPL in a sandbox. */
export interface Stay<Sandbox> {
  /** Rejects with why it could not be made; then there is nothing to leave. */
  readonly sandbox: Promise<Sandbox>;
  /** Whether other REPLs are in it. */
  readonly isShared: boolean;
  /** The sandbox takes no new REPLs. */
  retire(): void;
  /** The REPL is gone. Resolves, where it was the last one, when the sandbox has ended or is kept. */
  leave(): Promise<void>;
}

interface Room<Sandbox> {
  /** Whose REPLs may come in; `null` for none but the first. */
  readonly group: string | null;
  readonly sandbox: Promise<Sandbox>;
  guests: number;
  isRetired: boolean;
  idle: NodeJS.Timeout | undefined;
  ending: Promise<void> | null;
}

/** Opens, shares, retires and ends sandboxes; see the head of this file. */
export class Housekeeper<Sandbox> {
  readonly #options: HousekeeperOptions<Sandbox>;
  readonly #rooms = new Set<Room<Sandbox>>();
  readonly #spares: Promise<Sandbox>[] = [];
  readonly #leftovers: unknown[] = [];
  #isClosed = false;

  constructor(options: HousekeeperOptions<Sandbox>) {
    this.#options = options;
  }

  /** A stay in a sandbox of the REPL's group, or in a new one. Throws `closed`. */
  enter(spec: ReplSpec): Stay<Sandbox> {
    this.#refuseClosed();
    const group = this.#options.share === "run" && !spec.alone ? spec.group : null;
    const room = this.#roomOf(group) ?? this.#newRoom(group, spec);
    room.guests += 1;
    clearTimeout(room.idle);
    let isHere = true;
    return {
      sandbox: room.sandbox,
      get isShared() {
        return room.guests > 1;
      },
      retire: () => {
        room.isRetired = true;
      },
      leave: async () => {
        if (!isHere) return;
        isHere = false;
        await this.#leave(room);
      },
    };
  }

  /** Ends every sandbox. Settles in bounded time; rejects with `runtime_failed`, naming those that may still run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const spares = this.#spares.splice(0).map(async (spare) => await this.#end(await spare));
    const rooms = [...this.#rooms].map((room) => this.#clear(room));
    await settlesWithin(this.#options.closeMs, Promise.allSettled([...spares, ...rooms]));
    const [first] = this.#leftovers;
    if (first === undefined) return;
    const messages = this.#leftovers.map((error) => (error instanceof Error ? error.message : String(error)));
    throw new RLMError("runtime_failed", messages.join(" "), { cause: first });
  }

  #roomOf(group: string | null): Room<Sandbox> | undefined {
    const { most = Number.POSITIVE_INFINITY } = this.#options;
    if (group === null) return undefined;
    return this.#rooms.values().find((room) => room.group === group && !room.isRetired && room.guests < most);
  }

  #newRoom(group: string | null, spec: ReplSpec): Room<Sandbox> {
    const sandbox = this.#next(spec);
    const room = { group, sandbox, guests: 0, isRetired: false, idle: undefined, ending: null };
    this.#rooms.add(room);
    sandbox.catch(() => this.#rooms.delete(room));
    return room;
  }

  /** A spare one that is still well, else a new one; then the spare ones are made up for. */
  async #next(spec: ReplSpec): Promise<Sandbox> {
    const sandbox = (await this.#takeSpare()) ?? (await this.#make(spec));
    while (!this.#isClosed && this.#spares.length < (this.#options.spares ?? 0)) {
      const spare = this.#make(spec);
      spare.catch(() => {});
      this.#spares.push(spare);
    }
    return sandbox;
  }

  async #takeSpare(): Promise<Sandbox | null> {
    for (let spare = this.#spares.shift(); spare !== undefined; spare = this.#spares.shift()) {
      const sandbox = await spare.catch(() => null);
      if (sandbox === null || (await this.#isWell(sandbox))) return sandbox;
      await this.#end(sandbox);
    }
    return null;
  }

  async #make(spec: ReplSpec): Promise<Sandbox> {
    this.#refuseClosed();
    return await this.#options.make(spec);
  }

  async #leave(room: Room<Sandbox>): Promise<void> {
    room.guests -= 1;
    if (room.guests > 0) return;
    const { idleMs = 0 } = this.#options;
    if (room.group === null || room.isRetired || idleMs === 0 || this.#isClosed)
      return await this.#clear(room);
    clearTimeout(room.idle);
    room.idle = setTimeout(() => void this.#clear(room), idleMs).unref();
    void this.#clearDead(room);
  }

  /** Nobody need wait for a sandbox that has died. */
  async #clearDead(room: Room<Sandbox>): Promise<void> {
    const isWell = await room.sandbox.then((sandbox) => this.#isWell(sandbox)).catch(() => false);
    if (!isWell && room.guests === 0) await this.#clear(room);
  }

  #clear(room: Room<Sandbox>): Promise<void> {
    clearTimeout(room.idle);
    room.isRetired = true;
    room.ending ??= this.#endRoom(room);
    return room.ending;
  }

  async #endRoom(room: Room<Sandbox>): Promise<void> {
    const sandbox = await room.sandbox.catch(() => null);
    if (sandbox !== null) await this.#end(sandbox);
    this.#rooms.delete(room);
  }

  async #end(sandbox: Sandbox): Promise<void> {
    await this.#options.end(sandbox).catch((error: unknown) => this.#leftovers.push(error));
  }

  async #isWell(sandbox: Sandbox): Promise<boolean> {
    return (await this.#options.isWell?.(sandbox)) ?? true;
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new RLMError("closed", "The runtime was closed; make a new one.");
  }
}
