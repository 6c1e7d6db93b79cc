import type { Kernel } from "@rlmflow/core";
import { parsePython } from "./parse-python.ts";
import { promptSections } from "./prompt-sections.ts";
import { signature } from "./signature.ts";
import { syntaxMessage } from "./syntax-message.ts";

/** Python as agents write it: what core needs to know to find, check and teach its code. */
export const pythonKernel: Kernel = Object.freeze({
  language: "python",
  engine: "cpython 3",
  fences: Object.freeze(["repl", "python", "py", "python3"]),
  parses(code: string): string | null {
    const failure = parsePython(code);
    return failure === null ? null : syntaxMessage(code, failure.at);
  },
  promptSections,
  signature,
});
