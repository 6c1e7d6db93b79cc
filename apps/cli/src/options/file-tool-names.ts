const READING = [
  "readFile",
  "readLines",
  "lineCount",
  "fileInfo",
  "ls",
  "listFiles",
  "countFiles",
  "grep",
] as const;

/** The tools of `@rlmflow/tools` that `--files read` and `--files write` give agents; known without that package. */
export const FILE_TOOLS: Readonly<Record<"read" | "write", readonly string[]>> = {
  read: READING,
  write: [...READING, "writeFile", "appendFile", "editFile"],
};
