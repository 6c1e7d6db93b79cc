import type { AnyNode, Identifier, Pattern } from "acorn";

/** A region of code that names are declared in. */
export interface Scope {
  readonly kind: "top" | "function" | "block" | "switch";
  readonly parent: Scope | null;
  /** Everything declared here, so that an inner use of a name does not mean an outer one. */
  readonly names: Set<string>;
  /** Of these, what `let`, `const`, `class` and functions in blocks declared: no `var` may pass them. */
  readonly lexical: Set<string>;
  /** Of these, what `using` and `await using` declared. */
  readonly disposables: Set<string>;
  /** Where code must stand that runs before anything else in here. */
  readonly entries: readonly number[];
}

/** A scope inside another one. */
export function innerScope(
  kind: Scope["kind"],
  parent: Scope | null,
  entries: readonly number[] = [],
): Scope {
  return { kind, parent, names: new Set(), lexical: new Set(), disposables: new Set(), entries };
}

/** The scope that a `var` standing here belongs to. */
export function variableScope(scope: Scope): Scope {
  let current = scope;
  while (current.parent !== null && current.kind !== "top" && current.kind !== "function") {
    current = current.parent;
  }
  return current;
}

/** The innermost scope around here that declares the name, or `null`. */
export function declaringScope(name: string, scope: Scope): Scope | null {
  let current: Scope | null = scope;
  while (current !== null && !current.names.has(name)) current = current.parent;
  return current;
}

/** The identifiers that a pattern binds or assigns to; members such as `a.b` are left out. */
export function boundIdentifiers(pattern: Pattern): readonly Identifier[] {
  const found: Identifier[] = [];
  const pending: Pattern[] = [pattern];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.type === "Identifier") found.push(next);
    for (const part of partsOf(next)) if (part !== null) pending.push(part);
  }
  return found;
}

/** The patterns right inside a pattern; `null` for a hole. */
export function partsOf(pattern: Pattern): readonly (Pattern | null)[] {
  switch (pattern.type) {
    case "ObjectPattern":
      return pattern.properties.map((part) => (part.type === "RestElement" ? part.argument : part.value));
    case "ArrayPattern":
      return pattern.elements;
    case "RestElement":
      return [pattern.argument];
    case "AssignmentPattern":
      return [pattern.left];
    case "Identifier":
    case "MemberExpression":
      return [];
  }
}

/** The scope that the parts of a node stand in: a new one where the node opens one. A branch may be a function. */
export function scopeInside(node: AnyNode, outer: Scope): Scope {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "StaticBlock":
      return innerScope("function", outer);
    case "BlockStatement":
      return innerScope("block", outer, [node.start + 1]);
    case "IfStatement":
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "CatchClause":
    case "ClassDeclaration":
    case "ClassExpression":
      return innerScope("block", outer);
    case "SwitchStatement":
      return innerScope(
        "switch",
        outer,
        node.cases.flatMap(({ consequent: [first] }) => (first ? [first.start] : [])),
      );
    default:
      return outer;
  }
}
