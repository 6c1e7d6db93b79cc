import type { ToolParameter } from "@rlmflow/core/driver";

/** Words of JSON Schema and what TypeScript, which models read best, says for them. */
const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ["integer", "number"],
  ["array", "unknown[]"],
  ["any", "unknown"],
]);

/** How a host function is called, for example `await readLines(path: string, end?: number): string[]`. */
export function signature(tool: {
  readonly name: string;
  readonly input: readonly ToolParameter[];
  readonly output: string;
}): string {
  const parameters = tool.input.map(
    ({ name, type, required }) => `${name}${required ? "" : "?"}: ${typeWords(type)}`,
  );
  const result = tool.output === "" ? "" : `: ${typeWords(tool.output)}`;
  return `await ${tool.name}(${parameters.join(", ")})${result}`;
}

function typeWords(type: string): string {
  return type.replace(/[A-Za-z]+/g, (word) => TYPE_WORDS.get(word) ?? word);
}
