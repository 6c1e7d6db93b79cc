import { ServerError, Status } from "nice-grpc";
import type { ExecEnd, SandboxExec } from "./local-exec.ts";
import type { LoopbackSandbox } from "./loopback-sandbox.ts";
import type { OutputLog } from "./output-log.ts";
import type { Handler } from "./service-definitions.ts";

interface ExecRequest {
  readonly taskId: string;
  readonly execId: string;
}

interface StartRequest extends ExecRequest {
  readonly commandArgs: readonly string[];
  readonly secretSources: readonly {
    readonly env?: { readonly contents: Readonly<Record<string, string>> };
  }[];
}

interface WriteRequest extends ExecRequest {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly eof: boolean;
}

interface ReadRequest extends ExecRequest {
  readonly offset: number;
  readonly fileDescriptor: number;
}

interface StreamedInput {
  readonly start?: ExecRequest & { readonly offset: number };
  readonly data?: Uint8Array;
  readonly end?: object;
}

const STDOUT = 0;

/** Programs in sandboxes: what Modal serves beside the machine that a sandbox runs on. */
export function taskRouter(
  sandboxes: ReadonlyMap<string, LoopbackSandbox>,
): Readonly<Record<string, Handler>> {
  const execOf = ({ taskId, execId }: ExecRequest): SandboxExec => {
    const exec = sandboxOf(sandboxes, taskId)?.exec(execId);
    if (exec === undefined) throw new ServerError(Status.NOT_FOUND, `no program ${execId}`);
    return exec;
  };
  return {
    taskExecStart: ({ taskId, execId, commandArgs, secretSources }: StartRequest) => {
      const sandbox = sandboxOf(sandboxes, taskId);
      if (!sandbox?.running) throw new ServerError(Status.NOT_FOUND, `no task ${taskId}`);
      const environment = Object.assign({}, ...secretSources.map(({ env }) => env?.contents));
      sandbox.start(execId, commandArgs, environment);
      return {};
    },
    taskExecStdinWrite: async (request: WriteRequest) => {
      await execOf(request).write(request.offset, request.data, request.eof);
      return {};
    },
    taskExecStdinWriteStream: async (requests: AsyncIterable<StreamedInput>) => {
      await takeStream(requests, execOf);
      return {};
    },
    taskExecStdinStatus: (request: ExecRequest) => {
      const { input } = execOf(request);
      return { numBytesWritten: input.length, closed: input.closed };
    },
    async *taskExecStdioRead(request: ReadRequest, { signal }: { signal: AbortSignal }) {
      const exec = execOf(request);
      const log: OutputLog = request.fileDescriptor === STDOUT ? exec.stdout : exec.stderr;
      for await (const data of log.read(request.offset, signal)) yield { data };
    },
    taskExecWait: async (request: ExecRequest): Promise<ExecEnd> => await execOf(request).ended,
    taskExecPoll: async (request: ExecRequest): Promise<ExecEnd | object> =>
      await Promise.race([execOf(request).ended, Promise.resolve({})]),
  };
}

function sandboxOf(
  sandboxes: ReadonlyMap<string, LoopbackSandbox>,
  taskId: string,
): LoopbackSandbox | undefined {
  return [...sandboxes.values()].find((sandbox) => sandbox.taskId === taskId);
}

async function takeStream(
  requests: AsyncIterable<StreamedInput>,
  execOf: (request: ExecRequest) => SandboxExec,
): Promise<void> {
  let exec: SandboxExec | null = null;
  let offset = 0;
  for await (const { start, data, end } of requests) {
    if (start !== undefined) {
      exec = execOf(start);
      offset = start.offset;
    }
    if (exec === null)
      throw new ServerError(Status.INVALID_ARGUMENT, "the stream does not say for what it is");
    if (data !== undefined) {
      await exec.write(offset, data, false);
      offset += data.length;
    }
    if (end !== undefined) await exec.write(offset, new Uint8Array(), true);
  }
}
