import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { parse } from "acorn";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "../../../src/evaluator");

/** Names whose meaning no guest can change. */
const FIXED = new Set(["undefined", "NaN", "Infinity"]);
/** Methods of built-ins: looked up on a value, they may be a guest's. */
const METHODS =
  /^(push|pop|shift|map|filter|forEach|slice|indexOf|includes|join|split|replace|test|exec|charCodeAt|call|apply|bind|then|catch|concat|trim|startsWith|endsWith|toString|hasOwnProperty|sort)$/;

interface SyntaxNode {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

interface Visit {
  readonly node: SyntaxNode;
  readonly parent: SyntaxNode | null;
  readonly key: string;
  /** Code in a function runs after the guest's; the rest of a module before. */
  readonly inFunction: boolean;
}

function* visits(
  node: SyntaxNode,
  parent: SyntaxNode | null,
  key: string,
  inFunction: boolean,
): Generator<Visit> {
  yield { node, parent, key, inFunction };
  const inside = inFunction || node.type.includes("Function") || node.type === "PropertyDefinition";
  for (const [childKey, child] of Object.entries(node)) {
    for (const item of Array.isArray(child) ? child : [child]) {
      if (isNode(item)) yield* visits(item, node, childKey, inside);
    }
  }
}

/** True for an identifier that is a name of something here, not a use of a variable. */
function isLabel({ parent, key }: Visit): boolean {
  if (parent === null) return false;
  if (parent.type === "MemberExpression") return key === "property" && parent.computed === false;
  const isKey = ["Property", "MethodDefinition", "PropertyDefinition"].includes(parent.type) && key === "key";
  return (
    isKey ||
    parent.type.startsWith("Import") ||
    parent.type.startsWith("Export") ||
    parent.type === "MetaProperty"
  );
}

/** True where an identifier comes into being. */
function isDeclaration({ parent, key }: Visit): boolean {
  if (parent === null) return false;
  if (parent.type.startsWith("Import") || key === "params" || parent.type === "RestElement") return true;
  if (parent.type === "VariableDeclarator" || parent.type.startsWith("Class")) return key === "id";
  if (parent.type.includes("Function")) return key === "id";
  return parent.type === "CatchClause" || (parent.type === "AssignmentPattern" && key === "left");
}

function suspicion(visit: Visit, declared: ReadonlySet<string>): string | null {
  const { node, parent } = visit;
  const name = String(node.name);
  if (node.type === "Identifier" && !isLabel(visit) && !declared.has(name) && !FIXED.has(name)) {
    return `the global ${name}`;
  }
  if (["ForOfStatement", "AwaitExpression", "YieldExpression", "ArrayPattern"].includes(node.type))
    return node.type;
  if (node.type === "SpreadElement" && parent?.type !== "ObjectExpression") return "SpreadElement";
  if (node.async === true) return "an async function";
  const callee = node.type === "CallExpression" ? node.callee : null;
  if (!isNode(callee) || callee.type !== "MemberExpression" || !isNode(callee.property)) return null;
  const method = String(callee.property.name);
  return callee.property.type === "Identifier" && METHODS.test(method) ? `.${method}()` : null;
}

function suspicions(file: string): string[] {
  const source = stripTypeScriptTypes(readFileSync(join(folder, file), "utf8"));
  const program: unknown = parse(source, { ecmaVersion: "latest", sourceType: "module", locations: true });
  if (!isNode(program)) throw new TypeError("no program");
  const all = [...visits(program, null, "", false)];
  const declared = new Set<string>();
  for (const visit of all) {
    const { node, parent, key } = visit;
    if (node.type === "Identifier" && isDeclaration(visit)) declared.add(String(node.name));
    // The names that destructuring makes: `{ a, b: c }` on the left of a declaration or in parameters.
    if (node.type === "Identifier" && parent?.type === "Property" && key === "value")
      declared.add(String(node.name));
  }
  return all
    .filter(({ inFunction }) => inFunction)
    .map((visit) => ({ what: suspicion(visit, declared), line: visit.node.loc?.start.line }))
    .filter(({ what }) => what !== null)
    .map(({ what, line }) => `${file}:${line} ${what}`);
}

test.each(globSync("**/*.ts", { cwd: folder }).toSorted())(
  "%s looks up nothing that a guest can change",
  (file) => {
    expect(suspicions(file)).toEqual([]);
  },
);
