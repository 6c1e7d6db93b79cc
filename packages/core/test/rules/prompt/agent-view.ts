import type { Language, LanguagePromptOptions } from "../../../src/driver.ts";
import type { AgentView } from "../../../src/index.ts";
import { agentConfig } from "../../data/run-builder.ts";

const plainLanguage: Language = {
  name: "javascript",
  engine: "test",
  fences: ["repl"],
  parses: () => null,
  promptSections: (options: LanguagePromptOptions) => [
    { name: "repl", text: `REPL ${JSON.stringify(options)}` },
  ],
  signature: ({ name, input }) => `await ${name}(${input.map((one) => one.name).join(", ")})`,
};

/** An agent that has nothing but may delegate, in a language that teaches nothing unless another is given. */
export function agentView(more: Partial<AgentView> = {}): AgentView {
  const { language = plainLanguage } = more;
  return {
    agentId: "root",
    depth: 0,
    canDelegate: true,
    config: agentConfig,
    contexts: [],
    output: null,
    globals: [],
    tools: [],
    models: [{ key: "default", description: "" }],
    runtimes: [{ key: "default", language: language.name }],
    language,
    ...more,
  };
}
