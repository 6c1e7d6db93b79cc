import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

/**
 * The evaluator is sent into sandboxes as text: one self-contained strict script that imports nothing,
 * leaves no global behind and whose completion value is `createRepl`.
 */
export const evaluator: Options = {
  entry: { evaluator: "src/evaluator/main.ts" },
  format: ["iife"],
  globalName: "evaluator",
  banner: { js: '(() => {"use strict";' },
  footer: { js: "return evaluator.createRepl;})()" },
  outExtension: () => ({ js: ".js" }),
  target: "es2024",
  platform: "neutral",
  noExternal: [/.*/],
  dts: false,
  sourcemap: false,
  clean: false,
};

const options: Options[] = [{ ...library({ index: "src/index.ts" }), clean: ["!evaluator.js"] }, evaluator];

export default options;
