import type { JsonValue } from "@rlmflow/core";
import type { Language } from "@rlmflow/core/driver";
import { compileBlock } from "./compile-block.ts";
import { promptSections } from "./prompt-sections.ts";
import { signature } from "./signature.ts";

/** JSON is JavaScript, but for a key that would set the prototype. */
function literal(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.includes("__proto__") ? `JSON.parse(${JSON.stringify(text)})` : text;
}

/** JavaScript as agents write it: what core needs to know to find, check and teach its code. */
export const javascript: Language = Object.freeze({
  name: "javascript",
  engine: `v8 ${process.versions.v8.split(".", 2).join(".")}`,
  fences: Object.freeze(["repl", "js", "javascript", "ts", "typescript"]),
  parses(code: string): string | null {
    const compiled = compileBlock(code);
    return compiled.ok ? null : compiled.text;
  },
  literal,
  promptSections,
  signature,
});
