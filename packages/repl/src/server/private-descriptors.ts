import { closeSync, constants, openSync } from "node:fs";
import type { Descriptors } from "./descriptor-channel.ts";

const INPUT = 0;
const OUTPUT = 1;
const ERRORS = 2;

/**
 * Descriptors for what stands behind 0 and 1, which from then on are empty input and the errors: what a program in
 * this process writes to descriptor 1 is not taken for a frame. Where the system can't open a descriptor anew (it
 * can't for sockets, and not on Windows), 0 and 1 themselves.
 */
export function privateDescriptors(): Descriptors {
  const input = opened(INPUT, constants.O_RDONLY);
  const output = opened(OUTPUT, constants.O_WRONLY);
  if (input === null || output === null) {
    for (const descriptor of [input, output]) if (descriptor !== null) closeSync(descriptor);
    return { input: INPUT, output: OUTPUT };
  }
  // Each is opened in the place of the one just closed: the lowest that is free.
  closeSync(INPUT);
  openSync("/dev/null", constants.O_RDONLY);
  closeSync(OUTPUT);
  if (opened(ERRORS, constants.O_WRONLY) === null) openSync("/dev/null", constants.O_WRONLY);
  return { input, output };
}

function opened(descriptor: number, flags: number): number | null {
  try {
    return openSync(`/dev/fd/${descriptor}`, flags);
  } catch {
    return null;
  }
}
