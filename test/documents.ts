import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot, type SourceFile } from "./source-files.ts";

const DOCUMENTS = ["{README,CONTRIBUTING}.md", "docs/*.md", "{packages,apps,examples}/*/README.md"];

/** Every document whose code and commands must hold. */
export function readDocuments(): readonly SourceFile[] {
  return globSync(DOCUMENTS, { cwd: repositoryRoot })
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), "utf8") }));
}
