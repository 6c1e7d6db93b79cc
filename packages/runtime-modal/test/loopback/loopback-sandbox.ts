import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { FileWriteExec, LocalExec, type SandboxExec } from "./local-exec.ts";

/** Status of a sandbox that has ended, in the numbers of Modal's protocol. */
export const STATUS = { success: 1, failure: 2, terminated: 3, timeout: 4 } as const;

/** How a sandbox ended. */
export interface SandboxResult {
  readonly status: number;
  readonly exitcode: number;
  readonly exception: string;
}

/** A sandbox as it was asked for; the fields are those of Modal's protocol that matter here. */
export interface SandboxDefinition {
  readonly name?: string;
  readonly imageId: string;
  readonly timeoutSecs: number;
  readonly idleTimeoutSecs?: number;
  readonly entrypointArgs: readonly string[];
  readonly secretIds: readonly string[];
  readonly networkAccess?: { readonly networkAccessType: number };
  readonly schedulerPlacement?: { readonly regions: readonly string[] };
  readonly volumeMounts: readonly {
    readonly volumeId: string;
    readonly mountPath: string;
    readonly readOnly: boolean;
  }[];
  readonly resources?: {
    readonly milliCpu: number;
    readonly milliCpuMax: number;
    readonly memoryMb: number;
    readonly memoryMbMax: number;
    readonly gpuConfig?: { readonly gpuType: string; readonly count: number };
  };
}

/** What a sandbox is made of. */
export interface LoopbackSandboxOptions {
  readonly id: string;
  readonly taskId: string;
  readonly appId: string;
  readonly definition: SandboxDefinition;
  readonly tags: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Says what runs instead of a command. */
  readonly rewrite: (command: readonly string[]) => readonly string[];
}

/** Where the runtime keeps files of its own. */
const OWN = "/tmp/rlmflow/";
const FILE_TOOL = "/__modal/.bin/modal-sandbox-fs-tools";

/**
 * A sandbox that isolates nothing: a folder and the processes in it. Its lifetime and its hard limit of
 * memory hold. A path that was written through the file tool means the file in the folder.
 */
export class LoopbackSandbox {
  readonly id: string;
  readonly taskId: string;
  readonly appId: string;
  readonly definition: SandboxDefinition;
  readonly createdAt = Date.now() / 1000;
  tags: Readonly<Record<string, string>>;
  /** Every command that was run, the file tool's left out. */
  readonly commands: (readonly string[])[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "modal-loopback-"));
  readonly #options: LoopbackSandboxOptions;
  readonly #execs = new Map<string, SandboxExec>();
  readonly #files = new Set<string>();
  readonly #lifetime: NodeJS.Timeout;
  readonly #ended = Promise.withResolvers<SandboxResult>();
  readonly #gone = Promise.withResolvers<void>();
  result: SandboxResult | null = null;

  constructor(options: LoopbackSandboxOptions) {
    this.id = options.id;
    this.taskId = options.taskId;
    this.appId = options.appId;
    this.definition = options.definition;
    this.tags = options.tags;
    this.#options = options;
    const lifetime = { status: STATUS.timeout, exitcode: 0, exception: "The sandbox timed out." };
    this.#lifetime = setTimeout(() => this.end(lifetime), options.definition.timeoutSecs * 1000);
  }

  get ended(): Promise<SandboxResult> {
    return this.#ended.promise;
  }

  /** Resolves when it has ended and nothing of it is left. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  get running(): boolean {
    return this.result === null;
  }

  /** Programs that run in it. */
  get programs(): number {
    return [...this.#execs.values()].filter(({ running }) => running).length;
  }

  exec(execId: string): SandboxExec | undefined {
    return this.#execs.get(execId);
  }

  /** Starts a program; the same id again means the same program. */
  start(execId: string, command: readonly string[], environment: Readonly<Record<string, string>>): void {
    if (!this.#execs.has(execId)) this.#execs.set(execId, this.#run(command, environment));
  }

  /** Kills what runs in it, as the language does when memory runs out; the sandbox goes on. */
  kill(): void {
    for (const exec of this.#execs.values()) exec.kill();
  }

  /** Ends the sandbox and all that runs in it. */
  end(result: SandboxResult): void {
    if (!this.running) return;
    this.result = result;
    clearTimeout(this.#lifetime);
    for (const exec of this.#execs.values()) exec.kill();
    this.#ended.resolve(result);
    this.#gone.resolve(this.#cleanUp());
  }

  #run(command: readonly string[], environment: Readonly<Record<string, string>>): SandboxExec {
    if (command[0] === FILE_TOOL) return this.#useFileTool(command[1] ?? "");
    this.commands.push(command);
    const path = [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter);
    const memoryLimitMiB = this.definition.resources?.memoryMbMax ?? 0;
    return new LocalExec(this.#options.rewrite(command.map((word) => this.#local(word))), {
      folder: this.#folder,
      environment: { PATH: path, HOME: this.#folder, ...this.#options.environment, ...environment },
      ...(memoryLimitMiB > 0 ? { memoryLimitMiB } : {}),
    });
  }

  async #cleanUp(): Promise<void> {
    await Promise.all([...this.#execs.values()].map(({ ended }) => ended));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #useFileTool(json: string): SandboxExec {
    const { WriteFile: write }: { WriteFile?: { path: string } } = JSON.parse(json);
    if (write === undefined) throw new Error(`The loopback's file tool only writes: ${json}`);
    this.#files.add(write.path);
    return new FileWriteExec(this.#local(write.path));
  }

  #local(word: string): string {
    return this.#files.has(word) || word.startsWith(OWN) ? join(this.#folder, word) : word;
  }
}
