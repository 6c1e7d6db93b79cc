import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../../..");

/** Runs in a process of its own, in which the SDK cannot be found and our packages are read from source. */
async function chatWithout(sdk: string, entry: string, factory: string): Promise<unknown> {
  const program = `
    import { registerHooks } from "node:module";
    import { pathToFileURL } from "node:url";
    const root = ${JSON.stringify(root)};
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === "@rlmflow/core") return next(pathToFileURL(root + "/packages/core/src/index.ts").href, context);
        return next(specifier === ${JSON.stringify(sdk)} ? specifier + "-is-not-here" : specifier, context);
      },
    });
    const { ${factory}: make } = await import(root + "/packages/clients/src/${entry}/index.ts");
    const client = make({ model: "m", apiKey: "sk-test", baseURL: "http://127.0.0.1:9/v1" });
    const error = await client.chat([{ role: "user", content: "hi" }]).catch((thrown) => thrown);
    console.log(JSON.stringify({ code: error.code, message: error.message, details: error.details }));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", program],
    { cwd: root, timeout: 20_000 },
  );
  return JSON.parse(stdout);
}

describe("a client without its SDK", () => {
  test.each([
    ["openai", "openai", "openaiClient"],
    ["@anthropic-ai/sdk", "anthropic", "anthropicClient"],
  ])("says how to install %s", async (sdk, entry, factory) => {
    expect(await chatWithout(sdk, entry, factory)).toEqual({
      code: "missing_dependency",
      message: `The package ${sdk} is not installed. Run: npm install ${sdk}`,
      details: { package: sdk, command: `npm install ${sdk}` },
    });
  });
});
