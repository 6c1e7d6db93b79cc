import { parse } from "acorn";
import type { Kernel } from "../../src/protocols/kernel.ts";

/** Enough of a kernel to find code: a real parser of JavaScript with top-level await. */
export const javascriptKernel: Pick<Kernel, "fences" | "parses" | "language"> = {
  language: "JavaScript",
  fences: ["repl", "js", "javascript", "ts", "typescript"],
  parses(code) {
    try {
      parse(code, { ecmaVersion: "latest", sourceType: "module", allowAwaitOutsideFunction: true });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },
};
