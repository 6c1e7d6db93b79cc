import { defineTool, RLMError, type Tool, typedSchema } from "@rlmflow/core";
import type { DirectoryHandle } from "./files/directory-handle.ts";
import { type FileSpace, within } from "./files/file-space.ts";
import type { FileSpaces } from "./files/file-spaces.ts";
import { parsePath, showFile } from "./files/path-rules.ts";
import { selectFiles } from "./files/select-files.ts";

const pattern = { type: "string", description: "a directory, a file, or a glob with *, **, ?, [a-z], {a,b}" };

/** Tools that say which files there are. */
export function listTools(spaces: FileSpaces): readonly Tool[] {
  return [ls(spaces), listFiles(spaces), countFiles(spaces)];
}

function ls(spaces: FileSpaces): Tool {
  const entry = {
    name: { type: "string" },
    kind: { enum: ["file", "directory", "other"] },
    size: { type: "integer" },
  };
  return defineTool({
    name: "ls",
    description:
      "What one directory holds, by name. kind other: a link or special file, out of reach. size in bytes.",
    input: typedSchema<{ path?: string }>({ type: "object", properties: { path: { type: "string" } } }),
    output: {
      type: "array",
      items: { type: "object", properties: entry, required: ["name", "kind", "size"] },
    },
    repeat: "safe",
    run: ({ path = "" }, call) =>
      spaces
        .of(call)
        .inRoot((root) =>
          within(root, parsePath(path), {}, (directory) => listDirectory(directory, spaces.limits.maxListed)),
        ),
  });
}

async function listDirectory(directory: DirectoryHandle, limit: number) {
  const { entries } = await directory.entries();
  requireFew(entries.length, limit, directory.path);
  const rows: { name: string; kind: string; size: number }[] = [];
  for (const { name, kind } of entries) {
    const size = kind === "file" ? ((await directory.stat(name))?.size ?? 0) : 0;
    rows.push({ name, kind, size });
  }
  return rows;
}

function listFiles(spaces: FileSpaces): Tool {
  return defineTool({
    name: "listFiles",
    description:
      "Paths of all files below a directory, or that match a glob; of the whole working directory by default. max: only the first so many.",
    input: typedSchema<{ pattern?: string; max?: number }>({
      type: "object",
      properties: { pattern, max: { type: "integer", minimum: 1 } },
    }),
    output: { type: "array", items: { type: "string" } },
    repeat: "safe",
    run: ({ pattern = "", max }, call) =>
      collect(spaces.of(call), { pattern, max: max ?? null, signal: call.signal }),
  });
}

interface Collecting {
  readonly pattern: string;
  readonly max: number | null;
  readonly signal: AbortSignal;
}

/** Without `max` too many files are an error that says how many: a list is never silently a part of one. */
async function collect(space: FileSpace, { pattern, max, signal }: Collecting): Promise<readonly string[]> {
  const { maxListed } = space.limits;
  const most = Math.min(max ?? maxListed, maxListed);
  const paths: string[] = [];
  let count = 0;
  await space.inRoot((root) =>
    selectFiles(root, pattern, async ({ path, reason }) => {
      signal.throwIfAborted();
      if (reason !== null) return true;
      count += 1;
      if (count <= most) paths.push(path);
      return max === null || count < max;
    }),
  );
  requireFew(count, max === null || max > maxListed ? maxListed : count, pattern);
  return paths;
}

function requireFew(count: number, limit: number, path: string): void {
  if (count <= limit) return;
  throw new RLMError(
    "limit_reached",
    `There are ${count} names in ${showFile(path || ".")}, and at most ${limit} are listed at once. Name a directory or a glob with fewer, or pass max.`,
  );
}

function countFiles(spaces: FileSpaces): Tool {
  return defineTool({
    name: "countFiles",
    description: "How many files there are below a directory, or that match a glob.",
    input: typedSchema<{ pattern?: string }>({ type: "object", properties: { pattern } }),
    output: { type: "integer" },
    repeat: "safe",
    run: async ({ pattern = "" }, call) => {
      let count = 0;
      await spaces.of(call).inRoot((root) =>
        selectFiles(root, pattern, async ({ reason }) => {
          call.signal.throwIfAborted();
          if (reason === null) count += 1;
          return true;
        }),
      );
      return count;
    },
  });
}
