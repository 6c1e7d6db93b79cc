import { setImmediate } from "node:timers/promises";
import { defineTool, RLMError, type Tool, typedSchema } from "@rlmflow/core";
import { decodeText, isText } from "./files/decode-text.ts";
import { type FileSpace, readBounded } from "./files/file-space.ts";
import type { FileSpaces } from "./files/file-spaces.ts";
import { compileLineSearch, type LineSearch } from "./files/line-search.ts";
import { splitLines } from "./files/read-lines.ts";
import { selectFiles } from "./files/select-files.ts";
import type { FoundFile } from "./files/walk-files.ts";

const DEFAULT_HITS = 100;
const MAX_HITS = 1_000;
const MAX_NOTES = 20;

/** Longest time in milliseconds for which the search keeps the host from other work, one line apart. */
const SLICE = 15;

interface Hit {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** What the model gets: hits, whether they are all, and what was left out. */
interface GrepAnswer {
  readonly matches: readonly Hit[];
  readonly complete: boolean;
  readonly notes: readonly string[];
}

/** A tool that searches the text of files in linear time. */
export function grepTool(spaces: FileSpaces): Tool {
  const hit = { path: { type: "string" }, line: { type: "integer" }, text: { type: "string" } };
  return defineTool({
    name: "grep",
    description: `Lines that match a regular expression (RE2), in a file, a directory or a glob; everywhere by default. Lines are counted from 0, as for readLines. At most max (default ${DEFAULT_HITS}, up to ${MAX_HITS}) hits. When complete is false, notes say what was not searched.`,
    input: typedSchema<{ pattern: string; path?: string; max?: number }>({
      type: "object",
      properties: {
        pattern: { type: "string", minLength: 1 },
        path: { type: "string" },
        max: { type: "integer", minimum: 1, maximum: MAX_HITS },
      },
      required: ["pattern"],
    }),
    output: {
      type: "object",
      properties: {
        matches: {
          type: "array",
          items: { type: "object", properties: hit, required: ["path", "line", "text"] },
        },
        complete: { type: "boolean" },
        notes: { type: "array", items: { type: "string" } },
      },
      required: ["matches", "complete", "notes"],
    },
    repeat: "safe",
    run: async ({ pattern, path = "", max = DEFAULT_HITS }, call) => {
      const space = spaces.of(call);
      const search = new Search(compileLineSearch(pattern), { max, signal: call.signal, space });
      await space.inRoot((root) => selectFiles(root, path, (found) => search.visit(found)));
      return search.answer();
    },
  });
}

interface SearchOptions {
  readonly max: number;
  readonly signal: AbortSignal;
  readonly space: FileSpace;
}

/**
 * Owns one search: its hits, its notes, its clock. Invariants: (1) whatever is not searched is noted, or counted when
 * there are many; (2) after {@link SLICE} ms the host gets a turn; (3) after `maxGrepMs` the search ends and says so.
 */
class Search {
  readonly #lines: LineSearch;
  readonly #options: SearchOptions;
  readonly #hits: Hit[] = [];
  readonly #notes: string[] = [];
  readonly #deadline: number;
  #left = 0;
  #turn = performance.now();
  #stopped: string | null = null;

  constructor(lines: LineSearch, options: SearchOptions) {
    this.#lines = lines;
    this.#options = options;
    this.#deadline = performance.now() + options.space.limits.maxGrepMs;
  }

  /** Searches one file; false when the search is over. */
  async visit({ path, name, directory, reason }: FoundFile): Promise<boolean> {
    if (!(await this.#mayGoOn())) return false;
    if (reason !== null) return this.#note(path, reason);
    try {
      await using file = await directory.openFile(name);
      const { size } = await file.stat();
      const { maxReadBytes } = this.#options.space.limits;
      if (size > maxReadBytes) return this.#note(path, `${size} bytes are more than ${maxReadBytes}`);
      const bytes = await readBounded(file, path, maxReadBytes);
      if (!isText(bytes)) return this.#note(path, "not text in UTF-8");
      return await this.#searchText(path, decodeText(bytes, path));
    } catch (cause) {
      if (!RLMError.is(cause)) throw cause;
      return this.#note(path, cause.message);
    }
  }

  answer(): GrepAnswer {
    const more = this.#left > MAX_NOTES ? [`and ${this.#left - MAX_NOTES} more were not searched`] : [];
    const stopped = this.#stopped === null ? [] : [this.#stopped];
    const notes = [...stopped, ...this.#notes, ...more];
    return { matches: this.#hits, complete: notes.length === 0, notes };
  }

  async #searchText(path: string, text: string): Promise<boolean> {
    for (const [line, content] of splitLines(text).entries()) {
      if (this.#sliceIsOver() && !(await this.#mayGoOn())) return false;
      if (content.length > this.#lines.maxLine)
        this.#note(`${path}, line ${line}`, `searched only up to character ${this.#lines.maxLine}`);
      const shown = this.#lines.find(content);
      if (shown === null) continue;
      if (this.#hits.length >= this.#options.max)
        return this.#stop(
          `stopped after ${this.#options.max} hits: pass a larger max, or narrow pattern or path`,
        );
      this.#hits.push({ path, line, text: shown });
    }
    return true;
  }

  #sliceIsOver(): boolean {
    return performance.now() - this.#turn >= SLICE;
  }

  async #mayGoOn(): Promise<boolean> {
    if (!this.#sliceIsOver()) return true;
    await setImmediate();
    this.#turn = performance.now();
    this.#options.signal.throwIfAborted();
    const { maxGrepMs } = this.#options.space.limits;
    return this.#turn < this.#deadline || this.#stop(`stopped after ${maxGrepMs} ms: narrow the path`);
  }

  #stop(reason: string): false {
    this.#stopped = reason;
    return false;
  }

  #note(path: string, reason: string): true {
    this.#left += 1;
    if (this.#notes.length < MAX_NOTES) this.#notes.push(`${path}: ${reason}`.slice(0, 300));
    return true;
  }
}
