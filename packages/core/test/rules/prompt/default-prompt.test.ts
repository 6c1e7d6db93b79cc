import { describe, expect, test } from "vitest";
import { type AgentView, defaultPrompt } from "../../../src/index.ts";
import { agentConfig } from "../../data/run-builder.ts";
import { agentView } from "./agent-view.ts";

const context = { key: "main", characters: 10, digest: "0".repeat(64) };
const tool = {
  name: "readFile",
  description: "Reads a file.",
  parameters: [{ name: "path", type: "string", required: true }],
  returns: "string",
};

function promptOf(more: Partial<AgentView> = {}): string {
  return defaultPrompt().render(agentView(more));
}

describe("the default prompt", () => {
  test("has its sections in reading order", () => {
    expect(defaultPrompt().names).toEqual([
      "role",
      "repl",
      "tools",
      "models",
      "runtimes",
      "strategy",
      "output",
      "limits",
    ]);
  });

  test("speaks of nothing that a plain root does not have", () => {
    const prompt = promptOf({ canDelegate: false });
    expect(prompt).toMatch(/You solve a task by writing JavaScript/);
    for (const word of [
      "CONTEXT",
      "Functions of the host",
      "Variables that are set",
      "Models for",
      "JSON Schema",
      "Delegate when",
      "sub-agent",
      "children",
    ])
      expect(prompt, word).not.toContain(word);
  });

  test("tells a child that it is one", () => {
    expect(promptOf({ depth: 1 })).toContain("You are a sub-agent");
  });

  test("speaks of contexts where there are some, and how many the language should teach", () => {
    expect(promptOf({ contexts: [{ ...context, characters: 401 }] })).toContain(
      "Your input lies outside this conversation, in CONTEXT",
    );
    expect(promptOf({ contexts: [context] })).toContain('"severalContexts":false');
    expect(promptOf({ contexts: [context, { ...context, key: "b" }] })).toContain('"severalContexts":true');
    expect(promptOf({ contexts: [context] })).toContain('"contextKey":"main"');
  });

  test("forbids to print the whole input only where it is longer than an output", () => {
    const config = { ...agentConfig, maxOutputLength: 1_000 };
    const of = (...characters: readonly number[]) =>
      promptOf({ config, contexts: characters.map((count) => ({ ...context, characters: count })) });
    expect(of(1_000)).toContain("room for the whole input");
    expect(of(1_000)).not.toContain("never print it whole");
    for (const prompt of [of(1_001), of(100, 901)]) {
      expect(prompt).toContain("never print it whole");
      expect(prompt).not.toContain("room for");
    }
  });

  test("says nothing of delegating to a sub-agent that can print its whole input in four outputs", () => {
    const config = { ...agentConfig, maxOutputLength: 1_000 };
    const part = (characters: number) => ({ config, depth: 1, contexts: [{ ...context, characters }] });
    expect(promptOf(part(4_000))).toContain('"canDelegate":false');
    expect(promptOf(part(4_000))).not.toMatch(/Delegate when|children per block|levels/);
    for (const agent of [
      part(4_001),
      { ...part(401), depth: 0 },
      { ...part(10), contexts: [] },
      { ...part(10), tools: [tool] },
    ])
      expect(promptOf(agent)).toContain("Delegate when");
  });

  test("says of an input that the first message holds that it was seen, and nothing of delegating", () => {
    const seen = promptOf({ contexts: [{ ...context, characters: 400 }] });
    expect(seen).toContain("Your first message holds all of your input");
    expect(seen).toContain("You have seen all of the input: call done at once if that is enough.");
    expect(seen).toContain('"canDelegate":false');
    expect(seen).not.toMatch(/outside this conversation|Delegate when|children per block|room for/);
    for (const agent of [{ contexts: [{ ...context, characters: 401 }] }, { contexts: [context, context] }]) {
      const isSeen = agent.contexts.length === 2;
      expect(promptOf(agent).includes("You have seen all")).toBe(isSeen);
    }
    expect(promptOf({ contexts: [context], tools: [tool] })).toContain("Delegate when");
  });

  test("speaks of delegating where the agent may, with the levels that are left", () => {
    const prompt = promptOf({ depth: 2 });
    expect(prompt).toContain("Delegate when the input is too big");
    expect(prompt).toContain("64 children per block; 3 more levels of agents");
  });

  test("lists tools as the language calls them, and variables", () => {
    const prompt = promptOf({ tools: [tool], globals: ["limit", "names"] });
    expect(prompt).toContain("Functions of the host:\n- await readFile(path): Reads a file.");
    expect(prompt).toContain("Variables that are set: limit, names.");
    expect(promptOf({ globals: ["limit"] })).not.toContain("Functions of the host");
  });

  test("lists models only where there is a choice", () => {
    const models = [
      { key: "default", description: "thinks" },
      { key: "fast", description: "" },
    ];
    expect(promptOf({ models })).toContain('(yours is "default"):\n- "default": thinks\n- "fast"');
    expect(promptOf({ models: models.slice(0, 1) })).not.toContain("Models for");
  });

  test("lists runtimes only where there is a choice and a child to choose for", () => {
    const runtimes = [
      { key: "default", language: "javascript" },
      { key: "docker", language: "python" },
    ];
    expect(promptOf({ runtimes })).toContain(
      'Runtimes for the option `runtime` of delegate (yours is "default"):\n- "default": JavaScript\n- "docker": Python',
    );
    expect(promptOf({ runtimes: runtimes.slice(0, 1) })).not.toContain("Runtimes for");
    expect(promptOf({ runtimes, canDelegate: false })).not.toContain("Runtimes for");
  });

  test("shows the schema of the answer", () => {
    const output = { type: "object", properties: { n: { type: "number" } } } as const;
    expect(promptOf({ output })).toContain(
      `done(value) takes a value that fits this JSON Schema:\n${JSON.stringify(output)}`,
    );
  });

  test("names the limits in force", () => {
    const config = { ...agentConfig, maxIterations: 7, maxOutputLength: 999 };
    expect(promptOf({ config })).toContain(
      "Limits: 7 replies, the last of which must call done; 999 characters",
    );
  });
});
