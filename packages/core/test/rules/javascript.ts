import { parse } from "acorn";
import type { Language } from "../../src/protocols/language.ts";

/** Enough of a language to find code: a real parser of JavaScript with top-level await. */
export const javascript: Pick<Language, "fences" | "parses" | "name"> = {
  name: "JavaScript",
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
