import { defineTool, RLMError, type Tool, typedSchema } from "@rlmflow/core";
import { applyEdits, type TextEdit } from "./files/apply-edits.ts";
import { decodeText, encodeText } from "./files/decode-text.ts";
import { notFound } from "./files/file-failure.ts";
import type { FileSpaces } from "./files/file-spaces.ts";
import { showFile } from "./files/path-rules.ts";

const path = { type: "string", description: "relative to the working directory" };

/** Tools that change one file, each whole or not at all. */
export function writeTools(spaces: FileSpaces): readonly Tool[] {
  return [writeFile(spaces), appendFile(spaces), editFile(spaces)];
}

const textInput = typedSchema<{ path: string; text: string }>({
  type: "object",
  properties: { path, text: { type: "string" } },
  required: ["path", "text"],
});

function writeFile(spaces: FileSpaces): Tool {
  return defineTool({
    name: "writeFile",
    description: "Writes a file, in place of an old one; makes its directories.",
    input: textInput,
    output: { type: "null" },
    repeat: "safe",
    run: async ({ path, text }, { effectKey, signal }) => {
      const bytes = encodeText(text, path);
      await spaces.of({ effectKey }).replaceFile({ path, effectKey, signal, change: async () => bytes });
    },
  });
}

function appendFile(spaces: FileSpaces): Tool {
  return defineTool({
    name: "appendFile",
    description:
      "Adds text at the end of a file; makes the file and its directories when they are not there.",
    input: textInput,
    output: { type: "null" },
    repeat: spaces.repeatable ? "safe" : "never",
    run: async ({ path, text }, { effectKey, signal }) => {
      const bytes = encodeText(text, path);
      await spaces.of({ effectKey }).replaceFile({
        path,
        effectKey,
        signal,
        change: async (previous) => Buffer.concat([(await previous()) ?? new Uint8Array(), bytes]),
      });
    },
  });
}

function editFile(spaces: FileSpaces): Tool {
  return defineTool({
    name: "editFile",
    description:
      "Replaces text in a file: each old must occur exactly once (or any number of times with all: true). All edits are made, one after another, or none.",
    input: typedSchema<{ path: string; edits: readonly TextEdit[] }>({
      type: "object",
      properties: {
        path,
        edits: {
          type: "array",
          minItems: 1,
          maxItems: 1_000,
          items: {
            type: "object",
            properties: { old: { type: "string" }, new: { type: "string" }, all: { type: "boolean" } },
            required: ["old", "new"],
            additionalProperties: false,
          },
        },
      },
      required: ["path", "edits"],
    }),
    output: { type: "null" },
    repeat: spaces.repeatable ? "safe" : "never",
    run: async ({ path, edits }, { effectKey, signal }) => {
      await spaces
        .of({ effectKey })
        .replaceFile({ path, effectKey, signal, change: (previous) => edited(path, edits, previous) });
    },
  });
}

async function edited(
  path: string,
  edits: readonly TextEdit[],
  previous: () => Promise<Uint8Array | null>,
): Promise<Uint8Array> {
  const bytes = await previous();
  if (bytes === null) throw notFound(path);
  const text = decodeText(bytes, path);
  const result = applyEdits(text, edits, path);
  if (result === text) throw new RLMError("refused", `The edits leave ${showFile(path)} as it was.`);
  return encodeText(result, path);
}
