import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Client, Runtime } from "@rlmflow/core";
import { chooseRuntime, LANGUAGES, RUNTIMES } from "./choose-runtime.ts";
import { scriptedModel } from "./scripted-model.ts";

const USAGE = `Usage: pnpm --filter license-audit start [options]
  --model NAME              a real model; its key comes from OPENAI_API_KEY, or ANTHROPIC_API_KEY for claude-…
  --base-url URL            a server that speaks OpenAI's Chat Completions
  --runtime NAME            where the agents' code runs: ${RUNTIMES.join(", ")}
                            (default isolated; subprocess for Python)
  --language NAME           what agents write: ${LANGUAGES.join(", ")} (default javascript)
  --image NAME              the image of --runtime docker (default rlmflow-sandbox: rlmflow docker build)
  --store FOLDER            the node_modules/.pnpm to audit (default this repository's)
  --tamper                  the scripted model leaves a package out of its answer`;

const OWN_STORE = join(import.meta.dirname, "../../../node_modules/.pnpm");

/** What the command line chose. */
export interface Options {
  readonly client: Client;
  readonly runtime: Runtime;
  /** False when the replies come from `scripted-replies/`. */
  readonly realModel: boolean;
  readonly store: string;
}

/** Reads the command line; prints the usage and ends the process when it makes no sense. */
export async function readOptions(): Promise<Options> {
  try {
    const values = parse();
    const { model, tamper, store, "base-url": baseURL } = values;
    if (baseURL !== undefined && model === undefined) throw new TypeError("--base-url needs a --model.");
    if (tamper && model !== undefined) throw new TypeError("--tamper is for the scripted model.");
    if (isEmpty(store)) throw new TypeError(`Nothing is installed in ${store}.`);
    const language = LANGUAGES.find((name) => name === values.language);
    if (language === undefined) throw new TypeError(`--language is one of ${LANGUAGES.join(", ")}.`);
    const runtime = values.runtime ?? (language === "python" ? "subprocess" : "isolated");
    const client =
      model === undefined ? scriptedModel({ language, tamper }) : await realModel(model, baseURL);
    return {
      client,
      runtime: await chooseRuntime(runtime, language, values.image),
      realModel: model !== undefined,
      store,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

function parse() {
  return parseArgs({
    options: {
      model: { type: "string" },
      "base-url": { type: "string" },
      runtime: { type: "string" },
      language: { type: "string", default: "javascript" },
      image: { type: "string" },
      store: { type: "string", default: OWN_STORE },
      tamper: { type: "boolean", default: false },
    },
  }).values;
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return true;
  }
}

/** Clients are loaded when they are wanted: without `--model` no provider's SDK is needed. */
async function realModel(model: string, baseURL: string | undefined): Promise<Client> {
  if (baseURL === undefined && model.startsWith("claude")) {
    const { anthropicClient } = await import("@rlmflow/clients/anthropic");
    return anthropicClient({ model });
  }
  const { openaiClient } = await import("@rlmflow/clients/openai");
  return openaiClient(baseURL === undefined ? { model } : { model, baseURL });
}
