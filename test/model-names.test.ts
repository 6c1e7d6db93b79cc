import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDocuments } from "./documents.ts";
import { repositoryRoot } from "./source-files.ts";

/** Every model of OpenAI and Anthropic that a document names. A new name goes here, and an old one out of the documents. */
const NAMED = ["claude-opus-5-5", "gpt-5", "gpt-5-mini"];

const sdks = join(repositoryRoot, "packages/clients/node_modules");
const read = (path: string) => readFileSync(join(sdks, path), "utf8");

describe("models that the documents name", () => {
  it("are those of one list", () => {
    const names = readDocuments().flatMap(({ text }) =>
      Array.from(
        text.matchAll(/"((?:gpt|claude)-[\w.-]+)"|--model (gpt-\S+|claude-\S+)/g),
        ([, quoted, flag]) => quoted ?? flag,
      ),
    );
    expect([...new Set(names)].toSorted()).toEqual(NAMED);
  });

  it("are known to the installed SDKs, and not deprecated there", () => {
    const known =
      read("openai/resources/shared.d.ts") + read("@anthropic-ai/sdk/resources/messages/messages.d.ts");
    const deprecated = /DEPRECATED_MODELS = \{([^}]*)\}/.exec(
      read("@anthropic-ai/sdk/resources/messages/messages.js"),
    )?.[1];
    expect(deprecated).toBeDefined();
    for (const name of NAMED) {
      expect(known).toContain(`'${name}'`);
      expect(deprecated).not.toContain(`'${name}'`);
    }
  });
});
