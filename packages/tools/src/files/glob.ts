import { RLMError } from "@rlmflow/core";
import { RE2JS } from "re2js";
import { parsePath, showFile } from "./path-rules.ts";

/** Which files a pattern names. */
export interface FilePattern {
  /** The directories that every match lies below. */
  readonly base: readonly string[];
  /** Whether a path matches, or `null` when everything below `base` does (or `base` is a file). */
  readonly matches: ((path: string) => boolean) | null;
}

const MAX_GLOB = 200;

/**
 * Reads a path or a glob: `*` and `?` within a name, `**` over directories, `[a-z]`, `{a,b}`. Matching is linear in
 * the path. Throws what {@link parsePath} throws, since a pattern may no more leave the directory than a path.
 */
export function parseFilePattern(pattern: string): FilePattern {
  const names = parsePath(pattern);
  const first = names.findIndex((name) => /[*?[{]/.test(name));
  if (first < 0) return { base: names, matches: null };
  if (pattern.length > MAX_GLOB) {
    throw new RLMError(
      "refused",
      `The pattern ${showFile(pattern)} is longer than ${MAX_GLOB} characters. Use a shorter one.`,
    );
  }
  const expression = compileGlob(names.join("/"), pattern);
  return { base: names.slice(0, first), matches: (path) => expression.test(path) };
}

function compileGlob(glob: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(`^(?:${translate(glob)})$`, RE2JS.DOTALL);
  } catch {
    throw new RLMError(
      "refused",
      `The pattern ${showFile(pattern)} cannot be read. Use *, **, ?, [a-z] and {a,b} only.`,
    );
  }
}

const TOKEN = /\*\*\/|\*\*|\*|\?|\[[!^]?[^\]/]+\]|[{},]|[^*?[{},]+|\[/gu;

function translate(glob: string): string {
  let depth = 0;
  return glob.replace(TOKEN, (token) => {
    if (token === "**/") return "(?:[^/]+/)*";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token === "{") depth += 1;
    if (token === "{") return "(?:";
    if (token === "}" && depth > 0) depth -= 1;
    else if (token === "," && depth > 0) return "|";
    else if (/^\[.{2,}/su.test(token))
      return `[${token
        .slice(1, -1)
        .replace(/^[!^]/, "^")
        .replace(/[\\[&]/g, "\\$&")}]`;
    else return RE2JS.quote(token);
    return ")";
  });
}
