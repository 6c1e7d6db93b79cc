import type { Kernel } from "@rlmflow/core/driver";
import { loadPackage } from "../packages/load-package.ts";

/**
 * What parses the code of a language, or `null` for a language of which this command knows nothing. Throws
 * `missing_dependency` where its package is not installed.
 */
export async function languageKernel(language: string): Promise<Kernel | null> {
  switch (language) {
    case "javascript":
      return (await loadPackage("checking JavaScript")).javascriptKernel;
    case "python":
      return (await loadPackage("checking Python")).pythonKernel;
    default:
      return null;
  }
}
