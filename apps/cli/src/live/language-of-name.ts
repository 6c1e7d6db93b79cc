import type { Language } from "@rlmflow/core/driver";
import { loadPackage } from "../packages/load-package.ts";

/**
 * What parses the code of a language, or `null` for a language of which this command knows nothing. Throws
 * `missing_dependency` where its package is not installed.
 */
export async function languageOfName(language: string): Promise<Language | null> {
  switch (language) {
    case "javascript":
      return (await loadPackage("checking JavaScript")).javascript;
    case "python":
      return (await loadPackage("checking Python")).python;
    default:
      return null;
  }
}
