import ts from "typescript";
import { importsOf, parse, type SourceFile, visitAll } from "./source-files.ts";

/** Globals whose mere mention makes a file impure: waiting, chance, process, timers. */
const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  "Promise",
  "crypto",
  "performance",
  "process",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
]);

/** Members of otherwise pure globals that read the clock or draw chance. */
const IMPURE_MEMBERS: ReadonlySet<string> = new Set(["Date.now", "Math.random"]);

/** Every place where a file waits, reads a clock, draws chance or touches the process. */
export function impurities(file: SourceFile): readonly string[] {
  const tree = parse(file);
  const found = importsOf(file)
    .filter((specifier) => /^(node:)?crypto$/.test(specifier))
    .map((specifier) => `${file.path}: pure code may not import ${specifier}`);
  visitAll(tree, (node) => {
    const what = impurity(node);
    if (what === undefined) return;
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push(`${file.path}:${line}: pure code may not use ${what}`);
  });
  return found;
}

function impurity(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AwaitKeyword || ts.isAwaitExpression(node)) return "await";
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return "async";
  if (ts.isPropertyAccessExpression(node)) {
    const member = `${node.expression.getText()}.${node.name.text}`;
    return IMPURE_MEMBERS.has(member) ? member : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length)
    return "new Date()";
  if (ts.isIdentifier(node) && IMPURE_GLOBALS.has(node.text) && !namesMember(node)) return node.text;
  return undefined;
}

/** True for the `crypto` of `{ crypto: 1 }` or `options.crypto`, which is a name and not the global. */
function namesMember(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent))
    return parent.name === node && parent.expression.getText() !== "globalThis";
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name === node;
  return ts.isMethodSignature(parent) && parent.name === node;
}
