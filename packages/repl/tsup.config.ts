import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options[] = [
  { ...library({ index: "src/index.ts" }), clean: ["!evaluator.js"] },
  {
    // The evaluator is sent into sandboxes as text: one self-contained script that imports nothing.
    entry: { evaluator: "src/evaluator/main.ts" },
    format: ["iife"],
    outExtension: () => ({ js: ".js" }),
    target: "es2024",
    platform: "neutral",
    noExternal: [/.*/],
    dts: false,
    sourcemap: false,
    clean: false,
  },
];

export default options;
