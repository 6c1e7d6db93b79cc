// Owns: the thread in which Node's own TypeScript stripper runs, and the time it may take.
// Does not own: whether the text is worth a try, nor what the model is told.
// 1. The stripper never runs in this thread: some texts keep it busy for hours, and a text that overflows its stack
//    breaks it for the rest of the process.
// 2. A thread that took too long, or failed in any way but a syntax error, is ended; the next text gets a new thread.
// 3. The caller is blocked for at most the time limits below. The thread does not keep the process alive.

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";

/** What became of a text that may be TypeScript. Lines and columns count from 1; columns may be unknown. */
export type StripResult =
  | { readonly kind: "stripped"; readonly code: string }
  /** TypeScript that is more than types on top of JavaScript, such as an enum. */
  | { readonly kind: "unsupported"; readonly message: string; readonly position: Position | null }
  | { readonly kind: "invalid"; readonly message: string; readonly position: Position | null }
  /** It could not be found out, because of the text or of this machine. */
  | { readonly kind: "unknown" };

/** A place in a text, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const LONGEST_TEXT = 65_536;
const START_LIMIT_MS = 10_000;
const STRIP_LIMIT_MS = 2_000;

const BUSY = 0;
const READY = 1;

// Plain JavaScript text, because a thread made from a file would need that file beside every bundle.
const THREAD = `
const { workerData: { port, signal } } = require("node:worker_threads");
const { stripTypeScriptTypes } = require("node:module");
const strip = (code) => {
  try {
    return { stripped: stripTypeScriptTypes(code) };
  } catch (error) {
    return { code: error.code, text: String(error.message), stack: String(error.stack) };
  }
};
const ready = () => { Atomics.store(signal, 0, ${READY}); Atomics.notify(signal, 0); };
port.on("message", (code) => { port.postMessage(strip(code)); ready(); });
strip("let warm: up");
ready();
`;

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly signal: Int32Array<SharedArrayBuffer>;
}

let running: Thread | null = null;

/** Takes the types out of a text, every other character staying in its place. Never throws. */
export function stripTypes(code: string): StripResult {
  if (code.length > LONGEST_TEXT) return { kind: "unknown" };
  const result = ask(code);
  if (result === null) endThread();
  return result ?? { kind: "unknown" };
}

function ask(code: string): StripResult | null {
  try {
    running ??= startThread();
    const { port, signal } = running;
    if (!reaches(signal, READY, START_LIMIT_MS)) return null;
    Atomics.store(signal, 0, BUSY);
    port.postMessage(code);
    if (!reaches(signal, READY, STRIP_LIMIT_MS)) return null;
    return resultOf(receiveMessageOnPort(port)?.message);
  } catch {
    // This machine gives no thread: the text is then judged as JavaScript alone.
    return null;
  }
}

function reaches(signal: Int32Array<SharedArrayBuffer>, value: number, milliseconds: number): boolean {
  Atomics.wait(signal, 0, BUSY, milliseconds);
  return Atomics.load(signal, 0) === value;
}

function startThread(): Thread {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: { port: port2, signal },
    transferList: [port2],
    env: {},
    execArgv: ["--no-warnings"],
  });
  const thread = { worker, port: port1, signal };
  worker.unref();
  worker.on("error", () => {
    if (running === thread) running = null;
  });
  return thread;
}

function endThread(): void {
  running?.port.close();
  void running?.worker.terminate();
  running = null;
}

function resultOf(message: unknown): StripResult | null {
  const { stripped, code, text, stack } = fieldsOf(message);
  if (typeof stripped === "string") return { kind: "stripped", code: stripped };
  if (typeof text !== "string" || typeof stack !== "string") return null;
  const position = positionIn(stack);
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") return { kind: "unsupported", message: text, position };
  if (code === "ERR_INVALID_TYPESCRIPT_SYNTAX") return { kind: "invalid", message: text, position };
  return null;
}

function fieldsOf(message: unknown): Readonly<Record<string, unknown>> {
  return typeof message === "object" && message !== null ? { ...message } : {};
}

/** Node puts the place in front of the stack: `:2`, the lines, and where there is one line only, a caret below. */
function positionIn(stack: string): Position | null {
  const [head = ""] = stack.split("\n\n", 1);
  const line = /^:(\d+)\n/.exec(head)?.[1];
  if (line === undefined) return null;
  const caret = head.split("\n").find((text) => /^ *\^+ *$/.test(text));
  return { line: Number(line), column: caret === undefined ? 1 : caret.indexOf("^") + 1 };
}
