import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** The names an entry exports, types included, in reading order; a star export is a fault. */
function exportedNames(file: string, text: string): readonly string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [`${file}: an entry holds nothing but named exports`];
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause))
      return [`${file}: a star export`];
    return statement.exportClause.elements.map((element) => element.name.text);
  });
}

/** Every entry of every package with the names it exports, as text. */
function entries(): string {
  const { config } = ts.readConfigFile(join(root, "tsconfig.paths.json"), ts.sys.readFile);
  const paths: Record<string, readonly string[]> = config.compilerOptions.paths;
  // These are programs: they are started, and export nothing.
  const imported = Object.entries(paths).filter(([entry]) => !/\/(?:host|rlmflow)$/.test(entry));
  const sections = imported.map(([entry, [file = ""]]) => {
    const names = exportedNames(file, readFileSync(join(root, file), "utf8"));
    return `${entry}\n${names.map((name) => `  ${name}\n`).join("")}`;
  });
  return sections.join("\n");
}

describe("the public surface", () => {
  test("is what public-surface.txt says, name by name", async () => {
    await expect(entries()).toMatchFileSnapshot("./public-surface.txt");
  });

  test("would tell a star export and code in an entry", () => {
    expect(exportedNames("a.ts", 'export * from "./b.ts";')).toEqual(["a.ts: a star export"]);
    expect(exportedNames("a.ts", "export const x = 1;")).toEqual([
      "a.ts: an entry holds nothing but named exports",
    ]);
    expect(exportedNames("a.ts", 'export { x, type Y } from "./b.ts";')).toEqual(["x", "Y"]);
  });
});
