import { join } from "node:path";
import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const EVALUATOR = "src/evaluator/main.ts";
const WRAPPING = {
  globalName: "evaluator",
  banner: { js: '(() => {"use strict";' },
  footer: { js: "return evaluator.createRepl;})()" },
  target: "es2024",
  platform: "neutral",
} as const;

/**
 * The evaluator is sent into sandboxes as text: one self-contained strict script that imports nothing,
 * leaves no global behind and whose completion value is `createRepl`.
 */
export const evaluator: Options = {
  ...WRAPPING,
  entry: { evaluator: join(import.meta.dirname, EVALUATOR) },
  format: ["iife"],
  outExtension: () => ({ js: ".js" }),
  noExternal: [/.*/],
  dts: false,
  sourcemap: false,
  clean: false,
};

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Puts the evaluator's text into the server. */
const inlineEvaluator: Plugin = {
  name: "inline-evaluator",
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /server[\\/]evaluator-text\.ts$/ }, async () => {
      const { outputFiles } = await esbuild.build({
        ...WRAPPING,
        entryPoints: [join(import.meta.dirname, EVALUATOR)],
        format: "iife",
        bundle: true,
        write: false,
      });
      return { contents: `export const evaluatorText = ${JSON.stringify(outputFiles[0]?.text)};` };
    });
  },
};

/** The server is carried into sandboxes as one file that imports nothing but Node. */
export const server: Options = {
  entry: { server: join(import.meta.dirname, "src/server/main.ts") },
  format: ["esm"],
  outExtension: () => ({ js: ".mjs" }),
  target: "node22",
  platform: "node",
  noExternal: [/.*/],
  esbuildPlugins: [inlineEvaluator],
  splitting: false,
  dts: false,
  sourcemap: false,
  clean: false,
};

const options: Options[] = [
  { ...library({ index: "src/index.ts", driver: "src/driver.ts" }), clean: ["!evaluator.js", "!server.mjs"] },
  evaluator,
  server,
];

export default options;
