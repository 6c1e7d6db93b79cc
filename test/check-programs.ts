import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import type { DocumentProgram } from "./document-programs.ts";
import { repositoryRoot } from "./source-files.ts";

/** The ignored folder that programs are written to, so that they resolve packages as the repository does. */
export const programFolder: string = join(repositoryRoot, ".snippets");

/** Writes every program into {@link programFolder}, which is emptied first. */
export function writePrograms(programs: readonly DocumentProgram[]): void {
  rmSync(programFolder, { recursive: true, force: true });
  mkdirSync(programFolder, { recursive: true });
  for (const { file, code } of programs) writeFileSync(join(programFolder, file), `${code}\n`);
}

/** Type-checks the written programs together, by the repository's own rules; one message for each fault. */
export function typeFaults(programs: readonly DocumentProgram[]): readonly string[] {
  const configFile = join(repositoryRoot, "tsconfig.json");
  const config = ts.getParsedCommandLineOfConfigFile(configFile, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (fault) => {
      throw new SyntaxError(ts.flattenDiagnosticMessageText(fault.messageText, "\n"));
    },
  });
  const options: ts.CompilerOptions = {
    ...config?.options,
    allowJs: true,
    checkJs: true,
    declaration: false,
    isolatedDeclarations: false,
  };
  const names = programs.map(({ file }) => join(programFolder, file));
  const compiled = ts.createProgram(names, options);
  return names.flatMap((name) => {
    const source = compiled.getSourceFile(name);
    return [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)].map(
      (fault) => describeFault(fault, programs[names.indexOf(name)]),
    );
  });
}

/** A program has its code on the lines of its document, so a fault is named by the document's line. */
function describeFault({ file, start, messageText }: ts.Diagnostic, program?: DocumentProgram): string {
  const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
  const document = program?.place.split(":")[0];
  return `${document}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
}
