import type { AnyNode, Pattern, Program } from "acorn";
import { boundIdentifiers, type Scope, scopeInside, variableScope } from "./scope.ts";

/** A node, the scope it stands in and the node it is part of. */
export interface Visit {
  readonly node: AnyNode;
  readonly scope: Scope;
  readonly parent: AnyNode;
}

/**
 * Visits every node below the program in the order of the text, outer ones before inner ones, and fills the
 * scopes with the names declared in them, which is complete when the walk has ended. Needs no stack.
 */
export function walk(program: Program, top: Scope, visit: (visit: Visit) => void): void {
  const pending: Visit[] = [];
  pushChildren(program, top, pending);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const inside = scopeInside(next.node, next.scope);
    declareNames(next.node, next.scope, inside);
    visit(next);
    pushChildren(next.node, inside, pending);
  }
}

function pushChildren(parent: AnyNode, scope: Scope, pending: Visit[]): void {
  const children = Object.values(parent).flat().filter(isNode);
  for (let child = children.pop(); child !== undefined; child = children.pop()) {
    pending.push({ node: child, scope, parent });
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function declareNames(node: AnyNode, scope: Scope, inside: Scope): void {
  switch (node.type) {
    case "VariableDeclaration":
      for (const { id } of node.declarations) {
        if (node.kind === "var") declarePattern(id, variableScope(scope), false);
        else declarePattern(id, scope, true);
        if (node.kind !== "var" && node.kind !== "let" && node.kind !== "const") {
          for (const { name } of boundIdentifiers(id)) scope.disposables.add(name);
        }
      }
      return;
    case "FunctionDeclaration":
      if (node.id) declareFunction(node.id.name, scope);
      break;
    case "ClassDeclaration":
      if (node.id) declarePattern(node.id, scope, true);
      break;
    case "CatchClause":
      if (node.param) declarePattern(node.param, inside, false);
      return;
    default:
  }
  if ("params" in node) for (const parameter of node.params) declarePattern(parameter, inside, false);
  if (inside !== scope && "id" in node && node.id?.type === "Identifier") inside.names.add(node.id.name);
}

function declarePattern(pattern: Pattern, scope: Scope, lexical: boolean): void {
  for (const { name } of boundIdentifiers(pattern)) {
    scope.names.add(name);
    if (lexical) scope.lexical.add(name);
  }
}

/** A function in a block is the block's own, and outside strict code a variable around it as well. */
function declareFunction(name: string, scope: Scope): void {
  scope.names.add(name);
  if (scope.kind === "block" || scope.kind === "switch") scope.lexical.add(name);
  const around = variableScope(scope);
  if (around.kind === "function") around.names.add(name);
}
