/**
 * The REPL server: the program that a sandbox runs to serve one JavaScript REPL. Frames travel over descriptors
 * 0 and 1, or over a socket: `node server.mjs [--fd 3] [--time-ms 10000]`. Nothing that code prints travels there.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { RealmRepl } from "../realm/realm-repl.ts";
import { readThrough, serveRepl } from "../serve-repl.ts";
import { DescriptorChannel } from "./descriptor-channel.ts";
import { evaluatorText } from "./evaluator-text.ts";
import { privateDescriptors } from "./private-descriptors.ts";

const DEFAULT_TIME_MS = 10_000;

const { values } = parseArgs({
  options: { fd: { type: "string" }, "time-ms": { type: "string" } },
});
const timeMs = Number(values["time-ms"] ?? DEFAULT_TIME_MS);
const descriptors =
  values.fd === undefined ? privateDescriptors() : { input: Number(values.fd), output: Number(values.fd) };

// The engine that CONTEXT.grep runs on; it adds a flag for expressions that ask for it, nothing else.
setFlagsFromString("--enable-experimental-regexp-engine");
process.env.TZ = "UTC";
// An interrupt from the terminal is the engine's to handle: it may still want what runs here to land.
process.on("SIGINT", () => {});

const channel = new DescriptorChannel(descriptors);
const readContext = readThrough((frame) => {
  channel.write(frame);
  return channel.read() ?? "";
});
await serveRepl(channel, {
  engine: `v8 ${process.versions.v8}`,
  language: "javascript",
  makeRepl: async (spec, onOutput) =>
    new RealmRepl({ evaluator: evaluatorText, spec, readContext, timeMs, onOutput }),
});
process.exit(0);
