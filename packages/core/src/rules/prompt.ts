import type { AgentConfig } from "../data/agent-config.ts";
import type { JsonSchema } from "../data/json.ts";
import type { ContextRef } from "../data/node.ts";
import { counted, languageName } from "../data/words.ts";
import { RLMError } from "../errors.ts";
import type { Language } from "../protocols/language.ts";
import type { Tool } from "../protocols/tool.ts";
import { isShownWhole } from "./describe-input.ts";

/** What a section may depend on: the least view of an agent. */
export interface AgentView {
  readonly agentId: string;
  /** 0 for the root. */
  readonly depth: number;
  readonly canDelegate: boolean;
  readonly config: AgentConfig;
  readonly contexts: readonly ContextRef[];
  readonly output: JsonSchema | null;
  /** Names of the JSON values that stand in the REPL. */
  readonly globals: readonly string[];
  readonly tools: readonly Pick<Tool, "name" | "description" | "parameters" | "returns">[];
  /** The models an agent may choose, by key, with what each is good for. */
  readonly models: readonly { readonly key: string; readonly description: string }[];
  /** The runtimes an agent may choose for a child, by key, with what is written in each. */
  readonly runtimes: readonly { readonly key: string; readonly language: string }[];
  readonly language: Language;
}

/** A section's text, or `null` where the agent can't use it. */
export type SectionText = string | ((agent: AgentView) => string | null);

interface Section {
  readonly name: string;
  readonly text: SectionText;
}

/**
 * An ordered list of named sections from which an agent's system prompt is made. Immutable: every
 * method gives a new builder. Naming a section that is not there throws `invalid_options`.
 */
export class PromptBuilder {
  readonly #sections: readonly Section[];

  constructor(sections: readonly Section[] = []) {
    this.#sections = sections;
    Object.freeze(this);
  }

  /** The names of the sections in their order. */
  get names(): readonly string[] {
    return this.#sections.map((section) => section.name);
  }

  /** With this text under this name: in its place when the name is taken, else at the end. */
  section(name: string, text: SectionText): PromptBuilder {
    const place = this.names.indexOf(name);
    return place < 0
      ? this.#with(this.#sections.length, 0, { name, text })
      : this.#with(place, 1, { name, text });
  }

  /** Without this section. */
  remove(name: string): PromptBuilder {
    return this.#with(this.#place(name), 1);
  }

  /** With a new section in front of an old one. */
  before(name: string, added: string, text: SectionText): PromptBuilder {
    return this.#insert(this.#place(name), added, text);
  }

  /** With a new section behind an old one. */
  after(name: string, added: string, text: SectionText): PromptBuilder {
    return this.#insert(this.#place(name) + 1, added, text);
  }

  /** The prompt of this agent: the sections it can use, an empty line between them. */
  render(agent: AgentView): string {
    const texts = this.#sections.map(({ text }) => (typeof text === "string" ? text : text(agent)));
    return texts.filter((text) => text !== null && text.trim() !== "").join("\n\n");
  }

  #insert(place: number, name: string, text: SectionText): PromptBuilder {
    if (this.names.includes(name)) {
      throw new RLMError(
        "invalid_options",
        `The prompt has a section "${name}" already; change it with section("${name}", …).`,
      );
    }
    return this.#with(place, 0, { name, text });
  }

  #place(name: string): number {
    const place = this.names.indexOf(name);
    if (place >= 0) return place;
    throw new RLMError(
      "invalid_options",
      `The prompt has no section "${name}". Sections: ${this.names.join(", ")}.`,
    );
  }

  #with(place: number, removed: number, ...added: Section[]): PromptBuilder {
    const sections = [...this.#sections];
    sections.splice(place, removed, ...added);
    return new PromptBuilder(sections);
  }
}

/**
 * The prompt agents get unless a user brings another. The language teaches its REPL, the sections here say
 * what the work is, how to go about it and which numbers apply.
 */
export function defaultPrompt(): PromptBuilder {
  return new PromptBuilder()
    .section("role", role)
    .section("repl", repl)
    .section("tools", tools)
    .section("models", models)
    .section("runtimes", runtimes)
    .section("strategy", strategy)
    .section("output", output)
    .section("limits", limits);
}

function role(agent: AgentView): string {
  const who =
    agent.depth === 0
      ? "You solve a task"
      : "You are a sub-agent: you solve one part of a larger task and answer the agent that gave it to you, tersely and in the asked-for form,";
  return `${who} by writing ${languageName(agent.language.name)} that runs in a REPL.${inputPlace(agent)} Each of your replies holds one block of code; you are shown what it printed and go on, until you call done(...).`;
}

function inputPlace(agent: AgentView): string {
  if (agent.contexts.length === 0) return "";
  return hasSeenInput(agent)
    ? " Your first message holds all of your input; code reads it in CONTEXT."
    : " Your input lies outside this conversation, in CONTEXT: look at it with code.";
}

function hasSeenInput({ contexts }: AgentView): boolean {
  return contexts.length > 0 && isShownWhole(contexts);
}

/** A sub-agent whose input fills at most this many outputs should read it rather than delegate. */
const OUTPUTS_READ = 4;

/**
 * Whether an agent is told of delegating: where its limits allow children, except for one that has nothing to work on
 * but an input which its first message holds or, for a sub-agent, which it can print whole in a few outputs.
 */
function delegates(agent: AgentView): boolean {
  const { canDelegate, depth, config, contexts, tools } = agent;
  const hasInputAlone = contexts.length > 0 && tools.length === 0;
  const isRead = depth > 0 && charactersOf(agent) <= OUTPUTS_READ * config.maxOutputLength;
  return canDelegate && !(hasInputAlone && (isRead || hasSeenInput(agent)));
}

function charactersOf({ contexts }: AgentView): number {
  return contexts.reduce((sum, { characters }) => sum + characters, 0);
}

function repl(agent: AgentView): string {
  const [first] = agent.contexts;
  const sections = agent.language.promptSections({
    canDelegate: delegates(agent),
    hasContext: first !== undefined,
    severalContexts: agent.contexts.length > 1,
    ...(first !== undefined && { contextKey: first.key }),
    hasTools: agent.tools.length > 0,
  });
  return sections.map((section) => section.text).join("\n\n");
}

function tools(agent: AgentView): string | null {
  if (agent.tools.length === 0 && agent.globals.length === 0) return null;
  const lines = agent.tools.map((tool) => {
    const signature = agent.language.signature({
      name: tool.name,
      input: tool.parameters,
      output: tool.returns,
    });
    return `- ${signature}${tool.description === "" ? "" : `: ${tool.description}`}`;
  });
  const given = agent.globals.length === 0 ? "" : `\nVariables that are set: ${agent.globals.join(", ")}.`;
  return `${lines.length === 0 ? "" : `Functions of the host:\n${lines.join("\n")}`}${given}`.trim();
}

function models(agent: AgentView): string | null {
  if (agent.models.length < 2) return null;
  const lines = agent.models.map(
    (model) => `- "${model.key}"${model.description === "" ? "" : `: ${model.description}`}`,
  );
  return `Models for the option \`model\` (yours is "${agent.config.model}"):\n${lines.join("\n")}`;
}

function runtimes(agent: AgentView): string | null {
  if (agent.runtimes.length < 2 || !delegates(agent)) return null;
  const lines = agent.runtimes.map(({ key, language }) => `- "${key}": ${languageName(language)}`);
  return `Runtimes for the option \`runtime\` of delegate (yours is "${agent.config.runtime}"):\n${lines.join("\n")}`;
}

function strategy(agent: AgentView): string {
  const rules = [
    inputRule(agent),
    "Use code for what is exact (counting, searching, joining), a model for what needs reading and judgement.",
    delegates(agent)
      ? "Delegate when the input is too big for you or its parts are independent. Give each child a short goal, its part by `context` and an `output` schema; start all, then wait."
      : "",
    hasSeenInput(agent) ? "" : "Print and read what the answer rests on; only then, but at once, call done.",
  ];
  return rules
    .filter((rule) => rule !== "")
    .map((rule) => `- ${rule}`)
    .join("\n");
}

function inputRule(agent: AgentView): string {
  if (agent.contexts.length === 0) return "";
  if (hasSeenInput(agent))
    return "You have seen all of the input: call done at once if that is enough. What code computes, print and read before you call done.";
  return charactersOf(agent) <= agent.config.maxOutputLength
    ? "One output has room for the whole input: print it where you have to read it."
    : "Sample the input in several places first; never print it whole.";
}

function output(agent: AgentView): string | null {
  if (agent.output === null) return null;
  return `done(value) takes a value that fits this JSON Schema:\n${JSON.stringify(agent.output)}`;
}

function limits(agent: AgentView): string {
  const { config, depth } = agent;
  const parts = [
    `${counted(config.maxIterations, "reply", "replies")}, the last of which must call done`,
    `${config.maxOutputLength} characters of output shown per block`,
  ];
  if (delegates(agent))
    parts.push(
      `${counted(config.maxChildren, "child", "children")} per block`,
      `${counted(config.maxDepth - depth, "more level")} of agents`,
    );
  return `Limits: ${parts.join("; ")}.`;
}

/** What renders an agent's prompt, from the option of a flow. */
export function promptOf(
  prompt: PromptBuilder | string | ((agent: AgentView) => string) = defaultPrompt(),
): (agent: AgentView) => string {
  if (typeof prompt === "string") return () => prompt;
  if (prompt instanceof PromptBuilder) return (agent) => prompt.render(agent);
  return prompt;
}
