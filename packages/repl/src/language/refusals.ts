import type { AnyNode, Pattern } from "acorn";
import { boundIdentifiers } from "./scope.ts";

/** Valid JavaScript that cannot mean what its writer meant, or that has no meaning in a REPL. */
export interface Refusal {
  readonly message: string;
  readonly at: number;
}

/** Globals that cannot be written to: a `var` of such a name is no error and changes nothing. */
export const UNCHANGEABLE: ReadonlySet<string> = new Set(["undefined", "NaN", "Infinity"]);

/** The parser lets it be declared, but in a block, which may wait anywhere, it is no name. */
const AWAIT = "await";

/** Functions of the REPL that models call with keyword arguments, as they would in Python. */
const KEYWORD_TARGETS = new Set(["delegate", "wait", "llmQuery", "llmQueryBatched", "done", "print"]);

/** Why a node is refused, or `null`. */
export function refusalOf(node: AnyNode, parent: AnyNode): Refusal | null {
  switch (node.type) {
    case "ImportExpression":
      return { message: "import() is not available in the REPL", at: node.start };
    case "TaggedTemplateExpression":
      if (node.tag.type !== "TemplateLiteral") return null;
      return { message: "A template literal ends here and another one begins at once", at: node.quasi.start };
    case "CallExpression":
      return keywordArgument(node);
    case "VariableDeclaration":
      if (parent.type === "ForInStatement" && parent.left === node && node.declarations[0]?.init) {
        return { message: "The variable of a for-in loop cannot have an initial value", at: node.start };
      }
      // V8 crashes when such a loop is left by break.
      if (parent.type === "ForStatement" && node.kind === "await using") {
        return { message: "`await using` cannot stand in the head of this loop", at: node.start };
      }
      if (parent.type !== "Program") return null;
      return undeclarable(
        node.declarations.map(({ id }) => id),
        node.kind === "var",
      );
    case "ClassDeclaration":
    case "FunctionDeclaration":
      return parent.type === "Program" && node.id !== null ? undeclarable([node.id], false) : null;
    default:
      return null;
  }
}

function keywordArgument(node: Extract<AnyNode, { type: "CallExpression" }>): Refusal | null {
  const { callee } = node;
  const owner = callee.type === "MemberExpression" ? callee.object : callee;
  if (owner.type !== "Identifier") return null;
  if (callee === owner ? !KEYWORD_TARGETS.has(owner.name) : owner.name !== "CONTEXT") return null;
  for (const argument of node.arguments) {
    if (argument.type === "AssignmentExpression" && argument.operator === "=") {
      return { message: "JavaScript has no keyword arguments", at: argument.start };
    }
  }
  return null;
}

function undeclarable(patterns: readonly Pattern[], isVar: boolean): Refusal | null {
  const identifier = patterns
    .flatMap(boundIdentifiers)
    .find(({ name }) => name === AWAIT || (!isVar && UNCHANGEABLE.has(name)));
  return identifier ? { message: `\`${identifier.name}\` cannot be declared`, at: identifier.start } : null;
}
