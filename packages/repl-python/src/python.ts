import type { Language } from "@rlmflow/core/driver";
import { parsePython } from "./parse-python.ts";
import { promptSections } from "./prompt-sections.ts";
import { pythonLiteral } from "./python-literal.ts";
import { signature } from "./signature.ts";
import { syntaxMessage } from "./syntax-message.ts";

/** What agents of Python write, by what the host calls it. */
const SPELLINGS = Object.freeze({
  llmQuery: "llm_query",
  llmQueryBatched: "llm_query_batched",
  maxIterations: "max_iterations",
  maxTotalTokens: "max_total_tokens",
  maxCostUsd: "max_cost_usd",
  lineCount: "line_count",
  "...handles": "*handles",
  "an object": "a dict",
  "const data = JSON.parse(CONTEXT.text())": "import json; data = json.loads(CONTEXT.text())",
});

/** Python as agents write it: what core needs to know to find, check and teach its code. */
export const python: Language = Object.freeze({
  name: "python",
  engine: "cpython 3",
  fences: Object.freeze(["repl", "python", "py", "python3"]),
  spellings: SPELLINGS,
  parses(code: string): string | null {
    const failure = parsePython(code);
    return failure === null ? null : syntaxMessage(code, failure.at);
  },
  literal: pythonLiteral,
  promptSections,
  signature,
});
