import { describe, expect, test } from "vitest";
import { runProgram } from "./source-program.ts";

describe("a client without its SDK", () => {
  test.each([
    ["openai", "openai", "openaiClient"],
    ["@anthropic-ai/sdk", "anthropic", "anthropicClient"],
  ])("says how to install %s", async (sdk, entry, factory) => {
    const program = `
      const { ${factory}: make } = await import(packages + "/clients/src/${entry}/index.ts");
      const client = make({ model: "m", apiKey: "sk-test", baseURL: "http://127.0.0.1:9/v1" });
      const error = await client.chat([{ role: "user", content: "hi" }]).catch((thrown) => thrown);
      console.log(JSON.stringify({ code: error.code, message: error.message, details: error.details }));`;
    expect(await runProgram(program, { without: sdk })).toEqual({
      code: "missing_dependency",
      message: `The package ${sdk} is not installed. Run: npm install ${sdk}`,
      details: { package: sdk, command: `npm install ${sdk}` },
    });
  });
});
