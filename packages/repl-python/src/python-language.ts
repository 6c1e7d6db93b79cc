import type { ErrorData } from "@rlmflow/core";
import type { Activation, Block } from "@rlmflow/core/driver";
import { type BlockText, javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";
import { packageFile } from "@rlmflow/repl/driver";
import { parsePython } from "./parse-python.ts";
import { python } from "./python.ts";
import { syntaxHint } from "./syntax-message.ts";

const LONGEST_BLOCK = 1_000_000;

/** Python: blocks go to the server as they are, for only Python itself can say what is Python. */
export const pythonLanguage: ReplLanguage = Object.freeze({
  language: python,
  replay: "best-effort",
  // What a REPL is made of is the same in every language.
  specText: javascriptLanguage.specText,
  blockText: ({ id, code, now }: Block): BlockText => {
    if (code.length > LONGEST_BLOCK) return { ok: false, activation: tooLong(code.length) };
    const failure = parsePython(code);
    const hint = failure === null ? null : syntaxHint(code, failure.at);
    return { ok: true, text: JSON.stringify({ id, code, now, ...(hint !== null && { hint }) }) };
  },
  server: Object.freeze({
    get file() {
      return packageFile("@rlmflow/repl-python/rlmflow_repl.py", [import.meta.url]);
    },
    command: Object.freeze(["python3", "-I", "-S"]),
    takesDescriptor: true,
  }),
});

function tooLong(characters: number): Activation {
  const message = `The block has ${characters} characters, more than the ${LONGEST_BLOCK} that are allowed: keep data in CONTEXT or in variables, not in code`;
  const error: ErrorData = { name: "SyntaxError", message };
  const nothing = { variables: [], reads: [], unawaited: [] };
  const text = `SyntaxError: ${message}`;
  return {
    calls: [],
    output: "",
    codeMs: 0,
    state: { kind: "threw", error, text, syntax: true, ...nothing },
  };
}
