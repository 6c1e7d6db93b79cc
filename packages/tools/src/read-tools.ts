import type { Stats } from "node:fs";
import { defineTool, RLMError, type Tool, typedSchema } from "@rlmflow/core";
import { decodeText } from "./files/decode-text.ts";
import { overLimit } from "./files/file-failure.ts";
import { type FileSpace, readBounded, within } from "./files/file-space.ts";
import type { FileSpaces } from "./files/file-spaces.ts";
import { parsePath } from "./files/path-rules.ts";
import { countLines, readLineRange } from "./files/read-lines.ts";

const path = { type: "string", description: "relative to the working directory" };

/** Tools that read one file. */
export function readTools(spaces: FileSpaces): readonly Tool[] {
  return [readFile(spaces), readLines(spaces), lineCount(spaces), fileInfo(spaces)];
}

function readFile(spaces: FileSpaces): Tool {
  return defineTool({
    name: "readFile",
    description: "The whole text of a file.",
    input: typedSchema<{ path: string }>({ type: "object", properties: { path }, required: ["path"] }),
    output: { type: "string" },
    repeat: "safe",
    run: (input, call) =>
      spaces
        .of(call)
        .readFile(input.path, async (file) =>
          decodeText(await readBounded(file, input.path, spaces.limits.maxReadBytes), input.path),
        ),
  });
}

function readLines(spaces: FileSpaces): Tool {
  const position = { type: "integer", minimum: 0 };
  return defineTool({
    name: "readLines",
    description:
      "Lines of a file from start up to end (not included; default: to the last), counted from 0. Also for large files.",
    input: typedSchema<{ path: string; start: number; end?: number }>({
      type: "object",
      properties: { path, start: position, end: position },
      required: ["path", "start"],
    }),
    output: { type: "array", items: { type: "string" } },
    repeat: "safe",
    run: ({ path, start, end = Number.MAX_SAFE_INTEGER }, call) => {
      if (end < start) throw new RLMError("refused", `readLines: end (${end}) is before start (${start}).`);
      const range = { start, end, limit: spaces.limits.maxReadBytes };
      return end === start ? [] : spaces.of(call).readFile(path, (file) => readLineRange(file, path, range));
    },
  });
}

function lineCount(spaces: FileSpaces): Tool {
  return defineTool({
    name: "lineCount",
    description: "How many lines a file has.",
    input: typedSchema<{ path: string }>({ type: "object", properties: { path }, required: ["path"] }),
    output: { type: "integer" },
    repeat: "safe",
    run: ({ path }, call) =>
      spaces.of(call).readFile(path, async (file) => {
        const { size } = await file.stat();
        const { maxTotalBytes } = spaces.limits;
        if (size > maxTotalBytes)
          throw overLimit(
            path,
            `has ${size} bytes, and at most ${maxTotalBytes} are counted`,
            "Count another file.",
          );
        return countLines(file);
      }),
  });
}

function fileInfo(spaces: FileSpaces): Tool {
  return defineTool({
    name: "fileInfo",
    description: "What stands at a path and its size in bytes, or null when nothing does.",
    input: typedSchema<{ path: string }>({ type: "object", properties: { path }, required: ["path"] }),
    output: {
      anyOf: [
        {
          type: "object",
          properties: { kind: { enum: ["file", "directory", "other"] }, size: { type: "integer" } },
          required: ["kind", "size"],
        },
        { type: "null" },
      ],
    },
    repeat: "safe",
    run: ({ path }, call) => inspect(spaces.of(call), path),
  });
}

async function inspect(space: FileSpace, path: string) {
  try {
    const names = parsePath(path);
    const name = names.at(-1);
    if (name === undefined) return { kind: "directory", size: 0 };
    const stats = await space.inRoot((root) =>
      within(root, names.slice(0, -1), {}, (directory) => directory.stat(name)),
    );
    return stats === null ? null : { kind: kindOf(stats), size: stats.isFile() ? stats.size : 0 };
  } catch (cause) {
    if (RLMError.is(cause, "not_found")) return null;
    throw cause;
  }
}

function kindOf(stats: Stats): "file" | "directory" | "other" {
  if (stats.isFile()) return "file";
  return stats.isDirectory() ? "directory" : "other";
}
