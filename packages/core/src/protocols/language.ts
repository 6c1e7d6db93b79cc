import type { JsonValue } from "../data/json.ts";
import type { LanguageInfo } from "../data/node.ts";

/** A named piece of the system prompt that teaches the REPL of a language. */
export interface PromptSection {
  readonly name: string;
  readonly text: string;
}

/** What an agent can do, as far as prompt sections depend on it. */
export interface LanguagePromptOptions {
  readonly canDelegate: boolean;
  readonly hasContext: boolean;
  /** More than one payload, so that CONTEXT.get(key) is needed. */
  readonly severalContexts: boolean;
  /** The key of the first context, for examples that work; absent without a context. */
  readonly contextKey?: string;
  readonly hasTools: boolean;
}

/**
 * What core needs to know of a language, so that it knows none itself. Pure: same code, same answer.
 */
export interface Language extends LanguageInfo {
  /** Info strings of fences that hold code of this language, the preferred one first. */
  readonly fences: readonly string[];
  /**
   * How the host's vocabulary is written where it is not as in JavaScript, for example `llmQuery` as `llm_query`:
   * words that messages to agents are translated by.
   */
  readonly spellings?: Readonly<Record<string, string>>;
  /** `null` when the code parses, else the message a model can act on. Never throws, linear in the code. */
  parses(code: string): string | null;
  /**
   * The value as an expression of this language, with which an answer that a model wrote as JSON becomes code. Without
   * it, such an answer is not accepted.
   */
  literal?(value: JsonValue): string;
  /** The sections that teach this REPL, in reading order. */
  promptSections(options: LanguagePromptOptions): readonly PromptSection[];
  /** How a host function is called in this language, for example `await readFile(path: string): string`. */
  signature(tool: {
    readonly name: string;
    readonly input: readonly ToolParameter[];
    readonly output: string;
  }): string;
}

/** One positional parameter of a host function, its type written in words of JSON Schema. */
export interface ToolParameter {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}
