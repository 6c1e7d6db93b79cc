/**
 * The sandbox process: isolates live here, and the engine may kill it at any moment. Started by
 * sandbox-process.ts with `host <path of isolated-vm's addon>` and a pipe to the engine as descriptor 3.
 *
 * 1. Ends itself, by SIGKILL, when the engine's end of the pipe closes or sends what is no frame.
 * 2. Its main thread never runs or waits for sandboxed code, so 1 holds whatever that code does.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import type ivmModule from "isolated-vm";
import { SandboxHost } from "./host/sandbox-host.ts";

/** The isolated-vm module, loaded by the path of its addon. */
type IsolatedVM = typeof ivmModule;

const ENGINE_DESCRIPTOR = 3;

function end(): never {
  process.kill(process.pid, "SIGKILL");
  return process.abort();
}

/** V8 could not even unwind the isolate: its heap is in an unknown state, and so is the process. */
function onCatastrophicError(message: string): void {
  try {
    writeSync(2, `${message}\n`);
  } finally {
    process.abort();
  }
}

const addon = process.argv[2] ?? "";
const { ivm }: { ivm: IsolatedVM } = createRequire(import.meta.url)(addon);

// Cached code then holds all functions of the evaluator, and no isolate compiles any of them again.
setFlagsFromString("--no-lazy");
// The small young generation this process was started with is for its own heap; isolates have their limits.
setFlagsFromString("--max-semi-space-size=0");
// Isolates take their time zone from the process; the environment it was started with is empty.
process.env.TZ = "UTC";
// An interrupt from the terminal is the engine's to handle: it may still want what runs here to land.
process.on("SIGINT", () => {});

const socket = new Socket({ fd: ENGINE_DESCRIPTOR, readable: true, writable: true });
const host = new SandboxHost(ivm, { write: (bytes) => socket.write(bytes), end, onCatastrophicError });
socket.on("data", (bytes) => host.receive(bytes));
socket.on("close", end);
socket.on("error", end);
socket.on("end", end);
