import { ModalLoopback } from "./modal-loopback.ts";

/*
 * A loopback as a process: prints its URL on the first line, and the variables that bring Modal's SDK to it
 * as JSON on the second. Ends when its input ends, or on SIGTERM or SIGINT.
 */

const loopback = await ModalLoopback.start();
process.stdout.write(`${loopback.url}\n${JSON.stringify(loopback.environment)}\n`);

async function end(): Promise<void> {
  await loopback.stop();
  process.exit(0);
}

process.stdin.resume().once("end", end);
process.once("SIGTERM", end).once("SIGINT", end);
