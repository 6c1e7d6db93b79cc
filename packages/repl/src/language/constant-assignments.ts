import type { AnyNode, AssignmentExpression, Identifier, Pattern } from "acorn";
import { type Draft, replace, wrap } from "./draft.ts";
import type { Refusal } from "./refusals.ts";
import { boundIdentifiers, declaringScope, partsOf, type Scope } from "./scope.ts";

interface Assignment {
  readonly target: Identifier;
  readonly scope: Scope;
  /** The target is written `{name}` and stands for `{name: name}`. */
  readonly shorthand: boolean;
  /** `name ??= value` and its like, which assign only sometimes. */
  readonly logical: AssignmentExpression | null;
}

const LOGICAL = new Map([
  ["??=", "??"],
  ["||=", "||"],
  ["&&=", "&&"],
]);

/**
 * Assignments to constants of the same block. The constant itself is a global that a later block may declare
 * again, so what is assigned to is another constant, for which the engine throws what the language asks for.
 */
export class ConstantAssignments {
  readonly #draft: Draft;
  readonly #found: Assignment[] = [];

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** Takes note of what a node assigns to. */
  add(node: AnyNode, scope: Scope): void {
    if (node.type === "AssignmentExpression") this.#addPattern(node.left, scope, node);
    else if (node.type === "ForInStatement" || node.type === "ForOfStatement") {
      if (node.left.type !== "VariableDeclaration") this.#addPattern(node.left, scope, null);
    } else if (node.type === "UpdateExpression" && node.argument.type === "Identifier") {
      this.#addPattern(node.argument, scope, null);
    }
  }

  #addPattern(pattern: Pattern, scope: Scope, node: AssignmentExpression | null): void {
    const logical = node !== null && LOGICAL.has(node.operator) ? node : null;
    const shorthands = shorthandStarts(pattern);
    for (const target of boundIdentifiers(pattern)) {
      this.#found.push({ target, scope, shorthand: shorthands.has(target.start), logical });
    }
  }

  /**
   * The first assignment to what `using` declared, once the names of all scopes are known. The language throws there;
   * V8 crashes when the declaration is an `await using` of the same function.
   */
  refusal(): Refusal | null {
    for (const { target, scope } of this.#found) {
      if (declaringScope(target.name, scope)?.disposables.has(target.name) !== true) continue;
      return {
        message: `\`${target.name}\` was declared with using: it cannot be assigned to`,
        at: target.start,
      };
    }
    return null;
  }

  /** Writes the edits, once the names of all scopes are known. */
  rewrite(): void {
    for (const { target, scope, shorthand, logical } of this.#found) {
      if (!this.#draft.constants.has(target.name)) continue;
      if (declaringScope(target.name, scope) !== this.#draft.top) continue;
      const { constant, trueConstant } = this.#draft.hidden;
      const stand = logical?.operator === "&&=" ? trueConstant : constant;
      if (logical !== null) {
        const open = `${target.name} ${LOGICAL.get(logical.operator)} (`;
        wrap(this.#draft, { start: logical.start, end: logical.end, open, close: ")" });
      }
      replace(this.#draft, target, shorthand ? `${target.name}: ${stand}` : stand);
    }
  }
}

function shorthandStarts(pattern: Pattern): Set<number> {
  const starts = new Set<number>();
  const pending: Pattern[] = [pattern];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.type === "ObjectPattern") {
      for (const part of next.properties)
        if (part.type === "Property" && part.shorthand) starts.add(part.start);
    }
    for (const part of partsOf(next)) if (part !== null) pending.push(part);
  }
  return starts;
}
