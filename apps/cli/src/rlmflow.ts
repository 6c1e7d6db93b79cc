#!/usr/bin/env node
import type { CommandIo } from "./command-io.ts";
import { nodeProblem } from "./node-problem.ts";

const EXIT_BROKEN_PIPE = 128 + 13;

/** Ctrl-C, a polite end, and a terminal that has gone. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const io: CommandIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  now: () => Date.now(),
  onInterrupt(listener) {
    for (const signal of INTERRUPTS) process.on(signal, listener);
    return () => {
      for (const signal of INTERRUPTS) process.off(signal, listener);
    };
  },
};

// The reader has closed the pipe, as head does. The log is complete, but the command did not finish: it exits with the
// code that a shell reports for a program that SIGPIPE ended.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT_BROKEN_PIPE);
  process.stderr.write(`rlmflow: standard output can't be written: ${error.message}\n`);
  process.exit(1);
});
process.stderr.on("error", () => {});

const problem = nodeProblem(process.versions.node);
if (problem === null) {
  // Everything else is loaded only now: an older Node could not even parse it.
  const { runProgram } = await import("./program.ts");
  process.exitCode = await runProgram(process.argv.slice(2), io);
} else {
  process.stderr.write(`rlmflow: ${problem}\n`);
  process.exitCode = 2;
}
