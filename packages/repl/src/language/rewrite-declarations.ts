import type {
  AnonymousFunctionDeclaration,
  AnyNode,
  ClassDeclaration,
  FunctionDeclaration,
  VariableDeclaration,
} from "acorn";
import { type Draft, endOfStatement, replace, wrap } from "./draft.ts";
import { boundIdentifiers, type Scope, variableScope } from "./scope.ts";

/** Any declaration of a function with or without a name; in a script each has one. */
export type DeclaredFunction = FunctionDeclaration | AnonymousFunctionDeclaration;

/**
 * Turns a declaration of top-level names into assignments to globals. They stand behind `void` because a
 * statement that begins with a word never runs into the line before it.
 */
export function rewriteVariables(
  draft: Draft,
  node: VariableDeclaration,
  scope: Scope,
  parent: AnyNode,
): void {
  if (node.kind === "using" || node.kind === "await using") return;
  const owner = node.kind === "var" ? variableScope(scope) : scope;
  if (owner !== draft.top) return;
  for (const { id } of node.declarations) {
    for (const { name } of boundIdentifiers(id)) {
      draft.names.add(name);
      if (node.kind !== "var") draft.lexical.add(name);
      if (node.kind === "const") draft.constants.add(name);
    }
  }
  const isHead =
    (parent.type === "ForInStatement" || parent.type === "ForOfStatement") && parent.left === node;
  if (isHead) rewriteHead(draft, node);
  else rewriteAssignments(draft, node, parent.type === "ForStatement" && parent.init === node);
}

function rewriteAssignments(draft: Draft, node: VariableDeclaration, isInit: boolean): void {
  const { at, semicolon } = isInit ? { at: node.end, semicolon: "" } : endOfStatement(draft, node);
  replace(draft, keywordOf(node), "void (");
  draft.edits.push({ start: at, end: at, text: `)${semicolon}`, rank: "close" });
  for (const { id, init } of node.declarations) {
    if (init) continue;
    if (node.kind === "var") replace(draft, id, "0");
    else draft.edits.push({ start: id.end, end: id.end, text: " = void 0", rank: "close" });
  }
}

/** `for (var x of xs)` assigns to `x`, in parentheses because `async` and `let` may not stand there bare. */
function rewriteHead(draft: Draft, node: VariableDeclaration): void {
  replace(draft, keywordOf(node), "");
  for (const { id } of node.declarations) {
    if (id.type === "Identifier") wrap(draft, { start: id.start, end: id.end, open: "(", close: ")" });
  }
}

function keywordOf(node: VariableDeclaration): { start: number; end: number } {
  return { start: node.start, end: node.start + node.kind.length };
}

/** `class K {}` becomes an assignment of the same class, name and inner binding kept. */
export function rewriteClass(draft: Draft, node: ClassDeclaration): void {
  draft.names.add(node.id.name);
  draft.lexical.add(node.id.name);
  wrap(draft, { start: node.start, end: node.end, open: `void (${node.id.name} = `, close: ");" });
}

/**
 * `function f() {}` becomes `function maker() {f = function () {}}` in its place and a call of the maker at the
 * start. So it is hoisted, keeps its lines and its name, and sees `f` as the global that it is.
 */
export function rewriteTopFunction(draft: Draft, node: DeclaredFunction): void {
  if (node.id === null) return;
  const maker = draft.hidden.next();
  draft.names.add(node.id.name);
  draft.setup.push(`${maker}();`);
  wrap(draft, {
    start: node.start,
    end: node.end,
    open: `function ${maker}() {${node.id.name} = `,
    close: "}",
  });
  replace(draft, node.id, "");
}
