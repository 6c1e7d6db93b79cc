import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { type ContextInput, isJsonObject, type JsonSchema, RLMError } from "@rlmflow/core";
import { sentence } from "@rlmflow/core/driver";
import { oneLine } from "@rlmflow/render";
import type { Workspace } from "@rlmflow/workspace";
import { isPipe, readText, whyUnreadable } from "../files/read-text.ts";

/** The name under which standard input is read. */
export const STANDARD_INPUT = "-";

/** What is wrong with the files that the options name. Empty when every one can be read. */
export async function fileProblems(
  contexts: readonly string[],
  output: string | null,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const path of contexts) {
    const isStream = path === STANDARD_INPUT || (await isPipe(path));
    const problem = isStream ? null : await whyUnreadable(path);
    if (problem !== null) problems.push(`--context ${path}: ${problem}`);
  }
  if (contexts.filter((path) => path === STANDARD_INPUT).length > 1) {
    problems.push("--context - is standard input, which can be read only once");
  }
  const problem = output === null ? null : await whyUnreadable(output);
  if (problem !== null) problems.push(`--output ${output}: ${problem}`);
  return problems;
}

/** The files as payloads of the run, kept in the workspace and never loaded whole, by their names. */
export async function readContexts(
  paths: readonly string[],
  workspace: Workspace,
  stdin: AsyncIterable<Buffer>,
): Promise<Readonly<Record<string, ContextInput>>> {
  const contexts: Record<string, ContextInput> = {};
  for (const path of paths) {
    const isStandardInput = path === STANDARD_INPUT;
    const key = freeKey(isStandardInput ? "stdin" : basename(path), contexts);
    if (isStandardInput)
      contexts[key] = await workspace.payloads.putContext(textOf(stdin, "-: standard input"));
    else {
      const put = (await isPipe(path))
        ? workspace.payloads.putContext(textOf(createReadStream(path), `${path}: it`))
        : workspace.putContextFile(path);
      contexts[key] = { ...(await put), metadata: { path } };
    }
  }
  return contexts;
}

/** The JSON Schema in a file. */
export async function readSchema(path: string): Promise<JsonSchema> {
  const text = await readText(path, `--output ${path}`);
  try {
    const schema: unknown = JSON.parse(text);
    if (isJsonObject(schema) || typeof schema === "boolean") return schema;
    throw new SyntaxError("it holds neither an object nor a boolean");
  } catch (cause) {
    const reason = oneLine(cause instanceof Error ? cause.message : String(cause));
    throw new RLMError("invalid_schema", sentence(`${path} holds no JSON Schema: ${reason}`), { cause });
  }
}

function freeKey(name: string, taken: Readonly<Record<string, ContextInput>>): string {
  let key = name;
  for (let count = 2; Object.hasOwn(taken, key); count += 1) key = `${name} (${count})`;
  return key;
}

async function* textOf(stream: AsyncIterable<Buffer>, what: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of stream) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new RLMError(
      "invalid_options",
      `- --context ${what} is not UTF-8 text; convert it, for example with iconv`,
      { cause },
    );
  }
}
