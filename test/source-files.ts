import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** One file of the repository; `path` is relative to its root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export const repositoryRoot: string = join(import.meta.dirname, "..");

/** Every TypeScript file below the `src` of every published package. */
export function readSources(): readonly SourceFile[] {
  return globSync(["packages/*/src/**/*.{ts,tsx}", "apps/*/src/**/*.{ts,tsx}"], { cwd: repositoryRoot })
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), "utf8") }));
}

/** The syntax tree of a file, with parents. */
export function parse({ path, text }: SourceFile): ts.SourceFile {
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
}

/** Calls `visit` with every node of a tree, parents first. */
export function visitAll(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => visitAll(child, visit));
}

/** Every module that a file names: imports, re-exports, `import()` as an expression or a type, `require`. */
export function importsOf(file: SourceFile): readonly string[] {
  const specifiers: string[] = [];
  visitAll(parse(file), (node) => {
    const specifier = moduleNamedBy(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) specifiers.push(specifier.text);
  });
  return specifiers;
}

/** The modules that a file names in `import()` expressions alone. */
export function importedLater(file: SourceFile): readonly string[] {
  const later = new Set<string>();
  const atOnce = new Set<string>();
  visitAll(parse(file), (node) => {
    const specifier = moduleNamedBy(node);
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const isLater = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    (isLater ? later : atOnce).add(specifier.text);
  });
  return [...later.difference(atOnce)];
}

function moduleNamedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isCallExpression(node) && isLoader(node.expression)) return node.arguments[0];
  return undefined;
}

function isLoader(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  return ts.isIdentifier(callee) && callee.text === "require";
}

/** The path that a relative specifier in `from` names, or undefined for a package or a built-in. */
export function relativeTarget(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : undefined;
}
