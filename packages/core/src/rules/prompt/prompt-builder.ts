import type { AgentConfig } from "../../data/agent-config.ts";
import type { JsonSchema } from "../../data/json.ts";
import type { ContextRef } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { Kernel } from "../../protocols/kernel.ts";
import type { Tool } from "../../protocols/tool.ts";

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
  readonly kernel: Kernel;
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
