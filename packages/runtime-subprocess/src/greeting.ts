import { RLMError } from "@rlmflow/core";
import { sentence, sentences } from "@rlmflow/core/driver";
import type { Channel } from "@rlmflow/repl";
import { decodeReply, type ReplyFrame, WIRE_PROTOCOL } from "@rlmflow/repl/driver";
import { wrote } from "./death.ts";
import type { SandboxProcess } from "./sandbox-process.ts";

/** Characters shown of what should have been a frame. */
const SHOWN = 200;
/** V8 of Node 22, whose server this is. */
const LEAST_V8: readonly [number, number] = [12, 4];

/** How long is waited for a greeting: until the signal, which comes after so many milliseconds or with a close. */
export interface Patience {
  readonly ms: number;
  readonly signal: AbortSignal;
}

/**
 * The channel once the process has said hello, the greeting included. Rejects with what went wrong instead: it
 * ended, said something else or nothing, or speaks another protocol.
 */
export async function greeted(
  channel: Channel,
  process: SandboxProcess,
  patience: Patience,
): Promise<Channel> {
  const frames = channel.receive()[Symbol.asyncIterator]();
  const first = await within(frames.next(), process, patience).catch((error: unknown) => {
    throw process.launch.isOwn || process.stderr !== "" ? error : withAdvice(error);
  });
  const hello = typeof first.value === "string" ? first.value : "";
  const fault = faultOf(hello);
  if (fault !== null) throw failure(process, fault);
  return {
    ...channel,
    async *receive() {
      yield hello;
      yield* { [Symbol.asyncIterator]: () => frames };
    },
  };
}

async function within<T>(promise: Promise<T>, process: SandboxProcess, patience: Patience): Promise<T> {
  const { ms, signal } = patience;
  const late = Promise.withResolvers<never>();
  const abort = (): void => {
    const isClosed = RLMError.is(signal.reason, "closed");
    const what = `said nothing within ${ms} ms, the limit set by times.openMs`;
    late.reject(isClosed ? signal.reason : failure(process, what));
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What is wrong with a greeting, or `null`. */
function faultOf(hello: string): string | null {
  let frame: ReplyFrame;
  try {
    frame = decodeReply(hello);
  } catch {
    const shown = hello.length > SHOWN ? `${hello.slice(0, SHOWN)}…` : hello;
    return `wrote something to its output that is no frame: ${JSON.stringify(shown)}. Nothing else may write there`;
  }
  if (frame.type === "failed") return `failed: ${frame.message}`;
  if (frame.type !== "hello") return `did not say hello, but "${frame.type}"`;
  if (frame.protocol !== WIRE_PROTOCOL) {
    return `speaks protocol ${frame.protocol}, and this side speaks ${WIRE_PROTOCOL}. Put the same version of rlmflow on both sides`;
  }
  return isOld(frame.engine) ? `runs on ${frame.engine}, which is too old. It needs Node 22 or later` : null;
}

function isOld(engine: string): boolean {
  const [, major, minor] = /^v8 (\d+)\.(\d+)/.exec(engine) ?? [];
  if (major === undefined) return false;
  const [leastMajor, leastMinor] = LEAST_V8;
  return Number(major) < leastMajor || (Number(major) === leastMajor && Number(minor) < leastMinor);
}

/** A command of the user's that says nothing at all may be none that serves a REPL. */
function withAdvice(error: unknown): unknown {
  if (!RLMError.is(error)) return error;
  const advice = 'The command must end with what serves the language, for example "node server.mjs".';
  return new RLMError(error.code, sentences(error.message, advice), { cause: error, details: error.details });
}

function failure(process: SandboxProcess, what: string): RLMError {
  return new RLMError(
    "runtime_failed",
    `${sentence(`${process.launch.shown} ${what}`)}${wrote(process.stderr)}`,
  );
}
