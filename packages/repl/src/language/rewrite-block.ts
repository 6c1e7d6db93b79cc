import type { CallExpression, Expression, Program } from "acorn";
import { BlockFunctions } from "./block-functions.ts";
import { ConstantAssignments } from "./constant-assignments.ts";
import { type Draft, endOfStatement, replace, wrap } from "./draft.ts";
import { applyEdits } from "./edits.ts";
import { hiddenNames } from "./hidden-names.ts";
import { type ParseFailure, parseScript } from "./parse-script.ts";
import { refusalOf, UNCHANGEABLE } from "./refusals.ts";
import { rewriteClass, rewriteTopFunction, rewriteVariables } from "./rewrite-declarations.ts";
import { innerScope, variableScope } from "./scope.ts";
import { type Visit, walk } from "./walk.ts";
import { watchCallback, watchStatement } from "./watch-dropped.ts";

/** Lines that stand before the first line of the block. */
export const PROLOGUE_LINES = 1;

/** A block as one expression, or why its code is refused although it is JavaScript. */
export type RewriteResult =
  | { readonly ok: true; readonly source: string }
  | { readonly ok: false; readonly failure: ParseFailure };

/**
 * Makes of a script the text of an async function whose top-level bindings are globals and which resolves to
 * the boxed value of its last expression. Every line keeps its number, but for {@link PROLOGUE_LINES}.
 */
export function rewriteBlock(code: string, program: Program): RewriteResult {
  const draft: Draft = {
    code,
    hidden: hiddenNames(code),
    top: innerScope("top", null),
    strict: program.body.some(
      (statement) => "directive" in statement && statement.directive === "use strict",
    ),
    edits: [],
    names: new Set(),
    lexical: new Set(),
    constants: new Set(),
    setup: [],
    lastStart: program.body.findLast(({ type }) => type !== "EmptyStatement")?.start ?? -1,
  };
  if (code.startsWith("#!")) replace(draft, { start: 0, end: 2 }, "//");
  boxLastValue(draft, program.body);
  const failure = rewriteNodes(draft, program);
  if (failure !== null) return { ok: false, failure };
  const source = `${prologue(draft)}\n${applyEdits(code, draft.edits)}\n}`;
  return { ok: true, source };
}

function rewriteNodes(draft: Draft, program: Program): ParseFailure | null {
  const functions = new BlockFunctions(draft);
  const assignments = new ConstantAssignments(draft);
  let failure: ParseFailure | null = null;
  walk(program, draft.top, (visit) => {
    const refusal = refusalOf(visit.node, visit.parent);
    if (refusal !== null) failure ??= { ...refusal, limit: false };
    assignments.add(visit.node, visit.scope);
    rewriteNode(draft, visit, functions);
  });
  const refusal = assignments.refusal();
  if (refusal !== null) failure ??= { ...refusal, limit: false };
  if (failure !== null) return failure;
  functions.rewrite();
  assignments.rewrite();
  return null;
}

function rewriteNode(draft: Draft, { node, scope, parent }: Visit, functions: BlockFunctions): void {
  switch (node.type) {
    case "VariableDeclaration":
      rewriteVariables(draft, node, scope, parent);
      return;
    case "FunctionDeclaration":
      if (scope === draft.top) rewriteTopFunction(draft, node);
      else if (!draft.strict && variableScope(scope) === draft.top) functions.add(node, scope, parent);
      return;
    case "ClassDeclaration":
      if (scope === draft.top && node.id !== null) rewriteClass(draft, node);
      return;
    case "ExpressionStatement":
      watchStatement(draft, node);
      return;
    case "CallExpression":
      if (scope === draft.top) rewriteEval(draft, node);
      watchCallback(draft, node);
      return;
    default:
  }
}

/** At the top level `eval` declares globals too: called by another name it does not see the compiled function. */
function rewriteEval(draft: Draft, { callee, optional }: CallExpression): void {
  if (draft.strict || optional || callee.type !== "Identifier" || callee.name !== "eval") return;
  replace(draft, callee, draft.hidden.indirectEval);
}

/** The value is boxed so that `return` does not wait for a promise or handle. */
function boxLastValue(draft: Draft, statements: Program["body"]): void {
  const last = statements.findLast(({ type }) => type !== "EmptyStatement");
  if (last === undefined) return;
  if (isBareObject(draft, last)) {
    wrap(draft, { start: last.start, end: last.end, open: "return [(", close: ")];" });
    return;
  }
  if (last.type !== "ExpressionStatement") return;
  const { at, semicolon } = endOfStatement(draft, last);
  draft.edits.push({ start: last.start, end: last.start, text: "return [(", rank: "open" });
  draft.edits.push({ start: at, end: at, text: `)]${semicolon}`, rank: "close" });
}

/** `{ total, count }` or `{ total: 1 }` at the end: JavaScript reads a block of statements, but the model meant an object. */
function isBareObject({ code }: Draft, statement: Program["body"][number]): boolean {
  if (statement.type !== "BlockStatement" || statement.body.length !== 1) return false;
  const [only] = statement.body;
  if (only?.type === "ExpressionStatement") return isListOfNames(only.expression);
  if (only?.type !== "LabeledStatement" || only.body.type !== "ExpressionStatement") return false;
  return parseScript(`(${code.slice(statement.start, statement.end)})`).ok;
}

function isListOfNames(expression: Expression): boolean {
  if (expression.type === "SequenceExpression") return expression.expressions.every(isListOfNames);
  return expression.type === "Identifier";
}

function prologue({ hidden, strict, names, lexical, setup }: Draft): string {
  const changeable = [...names].filter((name) => !UNCHANGEABLE.has(name));
  const declared = [changeable, changeable.filter((name) => lexical.has(name))]
    .map((list) => JSON.stringify(list))
    .join();
  return [
    `async (${hidden.bindings}) => {`,
    strict ? '"use strict";' : "",
    `${hidden.bindings}.declare(${declared});`,
    `const ${hidden.constant} = void 0, ${hidden.trueConstant} = true, ${hidden.indirectEval} = eval, ${hidden.dropped} = ${hidden.bindings}.dropped, ${hidden.dropping} = ${hidden.bindings}.dropping;`,
    `${hidden.bindings} = void 0;`,
    ...setup,
  ].join("");
}
