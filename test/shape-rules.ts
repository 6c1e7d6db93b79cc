import { basename, dirname } from "node:path/posix";
import ts from "typescript";
import { parse, type SourceFile, visitAll } from "./source-files.ts";

const MAX_FILE_LINES = 330;
const MAX_FUNCTION_LINES = 70;

/** Names that say nothing about what is inside, so that anything ends up there. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  "common",
  "helper",
  "helpers",
  "internal",
  "internals",
  "misc",
  "type",
  "types",
  "util",
  "utils",
]);

const SUPPRESSION = /@ts-(ignore|expect-error|nocheck)|biome-ignore|(eslint|oxlint)-disable/;
const UNFINISHED = /\b(TODO|FIXME|XXX)\b/;

/** Everything in the shape of a file that the house style refuses, one sentence each. */
export function shapeViolations(file: SourceFile): readonly string[] {
  const tree = parse(file);
  return [
    ...nameViolations(file.path),
    ...lengthViolations(file),
    ...commentViolations(file, tree),
    ...syntaxViolations(file, tree),
  ];
}

function nameViolations(path: string): readonly string[] {
  const names = `${dirname(path).split("/src")[1] ?? ""}/${basename(path).replace(/(\.d)?\.tsx?$/, "")}`
    .split("/")
    .filter((name) => name !== "");
  return [
    ...names
      .filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
      .map((name) => `${path}: ${name} is not kebab-case`),
    ...names.filter((name) => FORBIDDEN_NAMES.has(name)).map((name) => `${path}: ${name} says nothing`),
  ];
}

function lengthViolations({ path, text }: SourceFile): readonly string[] {
  const lines = text.trimEnd().split("\n").length;
  return lines > MAX_FILE_LINES ? [`${path}: ${lines} lines, at most ${MAX_FILE_LINES}`] : [];
}

function commentViolations({ path, text }: SourceFile, tree: ts.SourceFile): readonly string[] {
  return commentsOf(text, tree).flatMap(({ pos, end }) => {
    const comment = text.slice(pos, end);
    const place = `${path}:${lineAt(tree, pos)}`;
    return [
      ...(SUPPRESSION.test(comment) ? [`${place}: a check is suppressed`] : []),
      ...(UNFINISHED.test(comment) ? [`${place}: something is left to do`] : []),
    ];
  });
}

/** Every comment once. Comments belong to no node: they stand before and after the tokens. */
function commentsOf(text: string, tree: ts.SourceFile): readonly ts.CommentRange[] {
  const found = new Map<number, ts.CommentRange>();
  function visit(node: ts.Node): void {
    const children = node.getChildren(tree);
    children.forEach(visit);
    if (children.length > 0) return;
    const before = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
    const after = ts.getTrailingCommentRanges(text, node.getEnd()) ?? [];
    for (const comment of [...before, ...after]) found.set(comment.pos, comment);
  }
  visit(tree);
  return [...found.values()].toSorted((a, b) => a.pos - b.pos);
}

function syntaxViolations({ path }: SourceFile, tree: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  visitAll(tree, (node) => {
    const what = refusedSyntax(node) ?? tooLong(node, tree);
    if (what !== undefined) found.push(`${path}:${lineAt(tree, node.getStart(tree))}: ${what}`);
  });
  return found;
}

function refusedSyntax(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "any";
  if (ts.isEnumDeclaration(node)) return "enum";
  if (ts.isDecorator(node)) return "decorator";
  // `declare module "x"` and `declare global` say what another's code has; they make no namespace.
  const augments =
    ts.isModuleDeclaration(node) &&
    (ts.isStringLiteral(node.name) || (node.flags & ts.NodeFlags.GlobalAugmentation) !== 0);
  if (ts.isModuleDeclaration(node) && !augments) return "namespace";
  return isDefaultExport(node) ? "default export" : undefined;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword) {
    return !ts.isCaseOrDefaultClause(node.parent);
  }
  return ts.isExportSpecifier(node) && node.name.text === "default";
}

function tooLong(node: ts.Node, tree: ts.SourceFile): string | undefined {
  if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return undefined;
  const lines = lineAt(tree, node.getEnd()) - lineAt(tree, node.getStart(tree)) + 1;
  return lines > MAX_FUNCTION_LINES
    ? `a function of ${lines} lines, at most ${MAX_FUNCTION_LINES}`
    : undefined;
}

function lineAt(tree: ts.SourceFile, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1;
}
