// One sandbox of Modal's.
//
// Owns: the connection to it, and the copy of the language's program in it. Does not own: how long it is needed,
// and what runs in it. Invariants: (1) the program is copied once; (2) `end` settles in bounded time, and rejects
// when Modal did not confirm: then the sandbox lives until its lifetime is over.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { basename } from "node:path";
import { RLMError } from "@rlmflow/core";
import { type ReplSpec, sentences } from "@rlmflow/core/driver";
import type { ContainerProcess, Sandbox } from "modal";
import { failureText, modalFailure } from "./modal-failure.ts";
import type { ModalPlace } from "./modal-place.ts";
import type { ModalSettings } from "./modal-settings.ts";
import { within } from "./within.ts";

/** Where the REPL's program lies in every sandbox. */
const FOLDER = "/tmp/rlmflow";
const END_MS = 10_000;
const POLL_MS = 5_000;
/** The code that the SDK gives for a sandbox whose lifetime was over. */
const TIMED_OUT = 124;
const TERMINATED = 137;

/** A sandbox that holds the program of a language. */
export class ModalSandbox {
  readonly #sandbox: Sandbox;
  readonly #settings: ModalSettings;
  #program: Promise<string> | null = null;
  #end: Promise<void> | null = null;

  private constructor(sandbox: Sandbox, settings: ModalSettings) {
    this.#sandbox = sandbox;
    this.#settings = settings;
  }

  /** Makes a sandbox. Nobody but the caller ends it. */
  static async create(place: ModalPlace, spec: ReplSpec, settings: ModalSettings): Promise<ModalSandbox> {
    const { client, app, image, parameters } = place;
    try {
      const sandbox = await client.sandboxes.create(app, image, { ...parameters, ...labels(spec) });
      return new ModalSandbox(sandbox, settings);
    } catch (cause) {
      throw modalFailure("Modal made no sandbox", cause);
    }
  }

  get id(): string {
    return this.#sandbox.sandboxId;
  }

  /** Path of the language's program in it; the first call copies it there. */
  program(): Promise<string> {
    this.#program ??= this.#copyProgram();
    return this.#program;
  }

  /** A path for a file, beside the program. */
  pathOf(name: string): string {
    return `${FOLDER}/${name}`;
  }

  /** Starts a program; what goes over its streams is bytes. */
  async run(command: readonly string[]): Promise<ContainerProcess<Uint8Array>> {
    try {
      return await this.#sandbox.exec([...command], { mode: "binary" });
    } catch (cause) {
      const wanted = `The sandbox ${this.id} could not start ${command.slice(0, 2).join(" ")}`;
      throw modalFailure(wanted, cause);
    }
  }

  /** What it is called: by its id to a developer who has opened nothing yet, by no name to a model. */
  nameOf(greeted: boolean): string {
    return greeted ? "the sandbox" : `the sandbox ${this.id}`;
  }

  /**
   * Why the sandbox is over, `null` when it runs, or an error that says that Modal does not answer. `greeted`: a
   * REPL was up, so that a model may read it.
   */
  async fate(greeted: boolean): Promise<RLMError | null> {
    try {
      const code = await within(POLL_MS, "asking for the sandbox", this.#sandbox.poll());
      return code === null ? null : this.#overBy(code, greeted);
    } catch (cause) {
      return this.unreached(cause, greeted);
    }
  }

  /** The loss of whoever Modal does not let get through to it any more. */
  unreached(cause: unknown, greeted: boolean): RLMError {
    const what = `The connection to ${this.nameOf(greeted)} was lost`;
    const message = greeted ? `${what}.` : `${what}: ${failureText(cause)}`;
    return new RLMError("sandbox_lost", message, { cause, details: { blame: "none" } });
  }

  /** Ends the sandbox and everything in it. */
  end(): Promise<void> {
    this.#end ??= this.#terminate();
    return this.#end;
  }

  async #copyProgram(): Promise<string> {
    const { file } = this.#settings.language.server;
    const path = this.pathOf(basename(file));
    try {
      await this.#sandbox.filesystem.copyFromLocal(file, path);
      return path;
    } catch (cause) {
      throw modalFailure(`The REPL's program could not be copied into the sandbox ${this.id}`, cause);
    }
  }

  async #terminate(): Promise<void> {
    try {
      await within(END_MS, "ending it", this.#sandbox.terminate());
    } catch (cause) {
      const minutes = Math.ceil(this.#settings.lifetimeMs / 60_000);
      const hint = `It ends by itself ${minutes} minutes after it began; end it with: modal sandbox terminate ${this.id}`;
      const why = `The Modal sandbox ${this.id} may still run: ${failureText(cause)}`;
      throw new RLMError("runtime_failed", sentences(why, hint), { cause, details: { sandbox: this.id } });
    } finally {
      this.#sandbox.detach();
    }
  }

  #overBy(code: number, greeted: boolean): RLMError {
    const { lifetimeMs: value } = this.#settings;
    const name = this.nameOf(greeted);
    if (code === TIMED_OUT) {
      const limit = { name: "lifetimeMs", value, unit: "ms" };
      const message = `The lifetime of ${name}, ${value} ms, was over.`;
      return new RLMError("sandbox_lost", message, { details: { limit, blame: "none" } });
    }
    const how = code === TERMINATED ? " (terminated from outside, or out of memory)" : "";
    const message = `${name.replace(/^t/, "T")} ended with code ${code}${how}.`;
    return new RLMError("sandbox_lost", message, { details: { blame: "none" } });
  }
}

/** What tells a sandbox from others on Modal's pages, so that one that was left behind can be found. */
function labels({ group, agentId }: ReplSpec): { name: string; tags: Record<string, string> } {
  const unique = randomUUID().slice(0, 8);
  const tags = {
    rlmflow: "repl",
    "rlmflow-run": group,
    "rlmflow-agent": agentId,
    "rlmflow-host": hostname(),
  };
  const plain = Object.entries(tags).map(([key, value]) => [key, plainName(value)]);
  return { name: `rlmflow-${plainName(group).slice(0, 40)}-${unique}`, tags: Object.fromEntries(plain) };
}

/** Modal takes 64 characters of these; a name keeps its end, which tells it from others. */
function plainName(text: string): string {
  return text.replaceAll(/[^\w.-]/g, "_").slice(-60) || "_";
}
