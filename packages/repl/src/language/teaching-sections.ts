import type { LanguagePromptOptions, PromptSection } from "@rlmflow/core/driver";

/** What a language says about each part of its REPL. Each text is asked for only where an agent can use it. */
export interface Teaching {
  repl(options: LanguagePromptOptions): string;
  context(options: LanguagePromptOptions): string;
  models(): string;
  delegation(options: LanguagePromptOptions): string;
  toolCalls(): string;
  answer(): string;
}

/** The sections of the system prompt that teach a REPL, in reading order, named alike in every language. */
export function teachingSections(
  teaching: Teaching,
  options: LanguagePromptOptions,
): readonly PromptSection[] {
  return [
    { name: "repl", text: teaching.repl(options) },
    ...(options.hasContext ? [{ name: "context", text: teaching.context(options) }] : []),
    { name: "llm", text: teaching.models() },
    ...(options.canDelegate ? [{ name: "delegation", text: teaching.delegation(options) }] : []),
    ...(options.hasTools ? [{ name: "tool-calls", text: teaching.toolCalls() }] : []),
    { name: "done", text: teaching.answer() },
  ];
}

const LONGEST_KEY = 60;

/** How examples name the first of several contexts: by its key, unless that is too long to be read. */
export function keyExample({ contextKey }: LanguagePromptOptions): string {
  const key = JSON.stringify(contextKey ?? "");
  const isPlain = contextKey !== undefined && key.length <= LONGEST_KEY && !/\p{C}/u.test(contextKey);
  return isPlain ? key : "CONTEXT.keys()[0]";
}

const FENCE = "`".repeat(3);

/** Lines of code as a reply holds them. */
export function exampleBlock(...lines: readonly string[]): string {
  return [`${FENCE}repl`, ...lines, FENCE].join("\n");
}
