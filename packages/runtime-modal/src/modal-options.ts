import type { ChannelTimes, EvaluatorLimits, ReplLanguage } from "@rlmflow/repl";

/** Options of {@link modalRuntime}. Memory and lifetime cost money while a sandbox runs, whatever it does. */
export interface ModalRuntimeOptions {
  /** Name of the Modal app that the sandboxes belong to; `rlmflow` unless given. */
  readonly app?: string;
  /** Whether an app of that name is made when there is none; true unless given. */
  readonly createApp?: boolean;
  /** What sandboxes are made of; `node:24-slim` or `python:3.13-slim` unless given, as the language wants it. */
  readonly image?: ModalImage;
  /** Environment of the Modal workspace; the one of your Modal profile unless given. */
  readonly environment?: string;
  /** A token; where the SDK looks for one (its variables, `~/.modal.toml`) unless given. */
  readonly credentials?: ModalCredentials;
  /** What is spoken inside; JavaScript unless given. */
  readonly language?: ReplLanguage;
  /**
   * `agent` gives every REPL a sandbox of its own, `run` one sandbox to all REPLs of a run that have not
   * lost one before; `agent` unless given. `run` needs `sh` in the image.
   */
  readonly share?: "agent" | "run";
  /** Physical cores that are reserved; Modal's default unless given. */
  readonly cpu?: number;
  /** Cores that may be used at most. */
  readonly cpuLimit?: number;
  /** MiB that are reserved; 256 unless given. */
  readonly memoryMiB?: number;
  /** MiB above which Modal kills; 1,024, or `memoryMiB` when that is more, unless given. */
  readonly memoryLimitMiB?: number;
  /** For example `T4` or `A100:2`. */
  readonly gpu?: string;
  /** Milliseconds after which Modal ends a sandbox, in whole seconds; an hour unless given. */
  readonly lifetimeMs?: number;
  /** Milliseconds that code may compute without waiting; 10,000 unless given. */
  readonly timeMs?: number;
  /** Milliseconds for opening a REPL (180,000: the first one may build the image) and for an entry (`timeMs` + 20,000). */
  readonly times?: Partial<ChannelTimes>;
  /** Caps of the evaluator: output, arguments, calls. */
  readonly limits?: Partial<EvaluatorLimits>;
  /** Whether sandboxes have no network; true unless given. */
  readonly blockNetwork?: boolean;
  /** Where Modal may place sandboxes. */
  readonly regions?: readonly string[];
  /** Names of Modal secrets. What code runs can read them: give none that it may not have. */
  readonly secrets?: readonly string[];
  /** Modal volumes by the path they are mounted at. */
  readonly volumes?: Readonly<Record<string, ModalVolume>>;
}

/** An image, and lines of a Dockerfile that are built upon it; COPY from this machine is not possible. */
export type ModalImage = (
  | {
      /** A tag in a registry; with a digest a rebuilt REPL is sure to be the same. */
      readonly registry: string;
      /** Name of the Modal secret for a private registry. */
      readonly registrySecret?: string;
    }
  | {
      /** Id of an image that was built on Modal before: `im-…`. */
      readonly id: string;
    }
) & { readonly commands?: readonly string[] };

/** A token of a Modal workspace. */
export interface ModalCredentials {
  readonly tokenId: string;
  readonly tokenSecret: string;
}

/** A volume of Modal's. */
export interface ModalVolume {
  readonly name: string;
  /** True unless given. */
  readonly readOnly?: boolean;
}
