import type { ToolParameter } from "@rlmflow/core/driver";

/** Words of JSON Schema and what Python says for them. */
const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ["string", "str"],
  ["integer", "int"],
  ["number", "float"],
  ["boolean", "bool"],
  ["array", "list"],
  ["object", "dict"],
  ["null", "None"],
  ["any", "Any"],
  ["unknown", "Any"],
]);

/** How a host function is called, for example `await read_lines(path: str, end: int = None) -> str`. */
export function signature(tool: {
  readonly name: string;
  readonly input: readonly ToolParameter[];
  readonly output: string;
}): string {
  const result = tool.output === "" ? "" : ` -> ${typeWords(tool.output)}`;
  return `await ${tool.name}(${tool.input.map(parameter).join(", ")})${result}`;
}

function parameter({ name, type, required }: ToolParameter): string {
  if (name.startsWith("...")) return `*${name.slice(3)}`;
  return `${name}: ${typeWords(type)}${required ? "" : " = None"}`;
}

/** Words of a type, strings in it left as they are. */
function typeWords(type: string): string {
  return type
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, place) => (place % 2 === 1 ? part : pythonWords(part)))
    .join("");
}

function pythonWords(text: string): string {
  const named = text.replace(
    /(?<![\w$])[A-Za-z_]\w*(?!\s*\??:|[\w$])/g,
    (word) => TYPE_WORDS.get(word) ?? word,
  );
  return named.replace(/(\w+)((?:\[\])+)/g, (_, word: string, lists: string) => {
    const depth = lists.length / 2;
    return `${"list[".repeat(depth)}${word}${"]".repeat(depth)}`;
  });
}
