import { RLMError, type Tool } from "@rlmflow/core";
import type { FileChange, FileLimits, FileRoot } from "./files/file-space.ts";
import { FileSpaces } from "./files/file-spaces.ts";
import type { Lock } from "./files/write-lock.ts";
import { grepTool } from "./grep-tool.ts";
import { listTools } from "./list-tools.ts";
import { readTools } from "./read-tools.ts";
import { writeTools } from "./write-tools.ts";

/** How file tools behave; every limit may be changed. */
export interface FileToolsOptions extends Partial<FileLimits> {
  /** Leaves out the tools that write. */
  readonly readOnly?: boolean;
  /** Runs each write alone. Without one, writes to the same directory in this process wait for one another. */
  readonly lock?: Lock;
  /** Called before a file is written, under the lock, with what it was; when it throws, nothing is written. */
  readonly beforeWrite?: (change: FileChange) => Promise<void>;
}

const MEBIBYTE = 1024 * 1024;

const DEFAULTS: FileLimits = {
  maxReadBytes: 5 * MEBIBYTE,
  maxWriteBytes: 5 * MEBIBYTE,
  maxTotalBytes: 200 * MEBIBYTE,
  maxFiles: 100_000,
  maxListed: 20_000,
  maxGrepMs: 10_000,
};

/**
 * Tools with which agents read, write, list and search the files of one directory and nothing beyond it; of a
 * workspace those of the branch that the agent belongs to, where what a write replaces is kept, so that every write
 * can be repeated after a crash and a fork finds the files as they were. The directory must exist when a tool is
 * called. Throws `invalid_options` for limits that are not whole numbers.
 */
export function fileTools(root: FileRoot, options: FileToolsOptions = {}): Tool[] {
  const { lock, beforeWrite, readOnly = false, ...given } = options;
  const limits = { ...DEFAULTS, ...given };
  const wrong = Object.entries(limits).filter(([, value]) => !Number.isSafeInteger(value) || value < 0);
  if (wrong.length > 0) {
    const names = wrong.map(([name, value]) => `${name} (${value})`).join(", ");
    throw new RLMError("invalid_options", `fileTools: these limits must be whole numbers from 0: ${names}.`);
  }
  const spaces = new FileSpaces(root, { limits, ...(lock && { lock }), ...(beforeWrite && { beforeWrite }) });
  return [
    ...readTools(spaces),
    ...listTools(spaces),
    grepTool(spaces),
    ...(readOnly ? [] : writeTools(spaces)),
  ];
}
