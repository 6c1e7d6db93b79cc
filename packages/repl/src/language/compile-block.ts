import type { ErrorData } from "@rlmflow/core";
import type { Program } from "acorn";
import { mayBeType } from "./may-be-type.ts";
import { type ParseFailure, parseScript } from "./parse-script.ts";
import { PROLOGUE_LINES, rewriteBlock } from "./rewrite-block.ts";
import { type Position, stripTypes } from "./strip-types.ts";
import { describeFailure, describeRefusal, type SyntaxFailure } from "./syntax-failure.ts";

/**
 * A block as the text of one expression, `async (bindings) => …`, to be evaluated in the sandbox's global scope.
 * The function calls `bindings.declare(names, lexical)` first (all names, and those of `let`, `const` and `class`) and resolves to `[value]` when the block ends with an
 * expression, else to `undefined`. Line k of the block is line k + `lineOffset` of the source.
 */
export type CompiledBlock =
  | { readonly ok: true; readonly source: string; readonly lineOffset: number }
  | { readonly ok: false; readonly error: ErrorData; readonly text: string };

const LONGEST_BLOCK = 1_000_000;

type Reading =
  | { readonly ok: true; readonly code: string; readonly program: Program }
  | { readonly ok: false; readonly failure: ParseFailure };

/** Compiles a block of JavaScript, or of TypeScript without run-time constructs. Never throws; linear in the code. */
export function compileBlock(code: string): CompiledBlock {
  if (code.length > LONGEST_BLOCK) return refused(describeRefusal(tooLong(code.length)));
  const reading = read(code);
  if (!reading.ok) return refused(describeFailure(code, reading.failure));
  const rewritten = rewriteBlock(reading.code, reading.program);
  if (!rewritten.ok) return refused(describeFailure(code, rewritten.failure));
  return { ok: true, source: rewritten.source, lineOffset: PROLOGUE_LINES };
}

function refused({ error, text }: SyntaxFailure): CompiledBlock {
  return { ok: false, error, text };
}

function tooLong(characters: number): string {
  return `The block has ${characters} characters, more than the ${LONGEST_BLOCK} that are allowed: keep data in CONTEXT or in variables, not in code`;
}

function read(code: string): Reading {
  const plain = parseScript(code);
  if (plain.ok) return { ok: true, code, program: plain.program };
  if (plain.failure.limit || !mayBeType(code, plain.failure.at)) return plain;
  const stripped = stripTypes(code);
  switch (stripped.kind) {
    case "stripped": {
      const parsed = parseScript(stripped.code);
      return parsed.ok ? { ok: true, code: stripped.code, program: parsed.program } : parsed;
    }
    case "unsupported":
      return { ok: false, failure: failureAt(code, stripped, plain.failure) };
    case "invalid": {
      // Whoever read further knows better what is wrong: JavaScript stumbles over the first type.
      const typed = failureAt(code, stripped, plain.failure);
      return { ok: false, failure: typed.at > plain.failure.at ? typed : plain.failure };
    }
    case "unknown":
      return plain;
  }
}

function failureAt(
  code: string,
  { message, position }: { message: string; position: Position | null },
  plain: ParseFailure,
): ParseFailure {
  if (position === null) return { message, at: plain.at, limit: false };
  const lineStart = code.split("\n", position.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  return { message, at: Math.min(lineStart + position.column - 1, code.length), limit: false };
}
