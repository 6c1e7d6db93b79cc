import type { Activation, Block } from "@rlmflow/core/driver";
import { type CompiledBlock, compileBlock } from "./language/compile-block.ts";
import { javascript } from "./language/javascript.ts";
import { packageFile } from "./package-file.ts";
import type { BlockText, ReplLanguage } from "./repl-language.ts";
import { evaluatorSpec, startText } from "./wire/evaluator-texts.ts";

/** JavaScript: blocks are compiled on the host, the evaluator runs them in a realm of the server's process. */
export const javascriptLanguage: ReplLanguage = Object.freeze({
  language: javascript,
  replay: "exact",
  specText: evaluatorSpec,
  blockText(block: Block): BlockText {
    const compiled = compileBlock(block.code);
    if (!compiled.ok) return { ok: false, activation: refusedActivation(compiled) };
    return { ok: true, text: startText(block, compiled.source, compiled.lineOffset) };
  },
  server: Object.freeze({
    get file() {
      return packageFile("@rlmflow/repl/server.mjs", [import.meta.url]);
    },
    command: Object.freeze(["node"]),
    takesDescriptor: true,
  }),
});

function refusedActivation({ error, text }: CompiledBlock & { readonly ok: false }): Activation {
  const nothing = { variables: [], reads: [], unawaited: [] };
  return {
    calls: [],
    output: "",
    codeMs: 0,
    state: { kind: "threw", error, text, syntax: true, ...nothing },
  };
}
