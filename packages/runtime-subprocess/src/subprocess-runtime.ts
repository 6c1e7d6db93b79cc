import type { Runtime } from "@rlmflow/core";
import { type Channel, channelRuntime, lineChannel, MemoryWatch } from "@rlmflow/repl";
import { encodeFrame } from "@rlmflow/repl/driver";
import { greeted } from "./greeting.ts";
import { endingIdle } from "./idle-sessions.ts";
import { prepareLaunch } from "./launch.ts";
import type { SubprocessRuntimeOptions } from "./options.ts";
import { ProcessTable } from "./process-table.ts";
import { resolveOptions, type SubprocessSettings } from "./resolve-options.ts";
import { type SandboxProcess, startProcess } from "./sandbox-process.ts";

const DISPOSE = encodeFrame({ type: "dispose" });

/**
 * A runtime whose REPLs are child processes, one each: this Node with the server of the language, or any command
 * that speaks the wire protocol on its stdin and stdout. Nothing is started before a REPL is opened. Throws
 * `invalid_options`.
 */
export function subprocessRuntime(options: SubprocessRuntimeOptions = {}): Runtime {
  const settings = resolveOptions(options);
  const { times, language, limits } = settings;
  const processes = new ProcessTable();
  const memory = new MemoryWatch(settings.launch.rssMB);
  const runtime = channelRuntime({
    name: "subprocess",
    isolation: "process",
    replay: language.replay,
    language,
    limits,
    times: { openMs: times.openMs, wallMs: times.wallMs },
    connect: (_spec, signal) => connect({ settings, processes, memory, signal }),
  });
  return {
    protocol: 1,
    name: runtime.name,
    language: runtime.language,
    isolation: runtime.isolation,
    replay: runtime.replay,
    open: async (spec) => endingIdle(await runtime.open(spec), times.idleMs),
    close: () => runtime.close(),
  };
}

interface Connecting {
  readonly settings: SubprocessSettings;
  readonly processes: ProcessTable;
  readonly memory: MemoryWatch;
  readonly signal: AbortSignal;
}

async function connect({ settings, processes, memory, signal }: Connecting): Promise<Channel> {
  const launch = await prepareLaunch(settings.launch, settings.language);
  signal.throwIfAborted();
  const process = await startProcess(launch, processes);
  const channel = channelOf(process, memory);
  try {
    return await greeted(channel, process, { ms: settings.times.openMs, signal });
  } catch (error) {
    await channel.close();
    throw error;
  }
}

/** A command of the user's is told to end and given a moment: only it knows how to end what is far away. */
function channelOf(process: SandboxProcess, memory: MemoryWatch): Channel {
  let wasTold = false;
  if (process.launch.isOwn) memory.add(process);
  const lines = lineChannel({
    input: process.frames(),
    write: (bytes) => process.write(bytes),
    async close() {
      memory.remove(process);
      await process.close(wasTold);
    },
  });
  return {
    ...lines,
    async send(frame) {
      if (frame !== DISPOSE) return await lines.send(frame);
      if (process.launch.isOwn) return;
      wasTold = true;
      // Not waited for: a process that reads no more would never take it.
      void lines.send(frame).catch(() => {});
    },
  };
}
