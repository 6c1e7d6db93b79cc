import * as anthropic from "@rlmflow/clients/anthropic";
import * as cached from "@rlmflow/clients/cached";
import * as openai from "@rlmflow/clients/openai";
import { expect, test } from "vitest";

test.each([
  ["openai", openai, ["openaiClient"]],
  ["anthropic", anthropic, ["anthropicClient"]],
  ["cached", cached, ["cachedClient"]],
])("the entry %s exports one factory", (_name, entry, names) => {
  expect(Object.keys(entry)).toEqual(names);
});
