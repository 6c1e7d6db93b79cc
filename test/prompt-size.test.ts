import { type AgentView, defaultPrompt } from "@rlmflow/core";
import type { Language } from "@rlmflow/core/driver";
import { javascript } from "@rlmflow/repl";
import { python } from "@rlmflow/repl-python";
import { fileTools } from "@rlmflow/tools";
import { describe, expect, test } from "vitest";
import { resolveConfig, rootConfig } from "../packages/core/src/rules/limits.ts";
import { agentView } from "../packages/core/test/rules/prompt/agent-view.ts";

const CONTEXT = { key: "context", characters: 1_000_000, digest: "0".repeat(64) };

/** The prompt of an agent with the default limits, at the depth given. */
function promptOf(language: Language, more: Partial<AgentView>): string {
  const config = rootConfig(resolveConfig(), "default", "default");
  return defaultPrompt().render(agentView({ config, language, ...more }));
}

/** What a default prompt may take: every request of every agent pays for it. */
describe("the default prompt stays short", () => {
  const tools = fileTools(".");
  test.each<[string, Language, Partial<AgentView>, number]>([
    ["JavaScript with a context", javascript, { contexts: [CONTEXT] }, 3_540],
    ["Python with a context", python, { contexts: [CONTEXT] }, 3_410],
    ["JavaScript with file tools", javascript, { tools }, 4_660],
    ["Python with file tools", python, { tools }, 4_660],
  ])("%s", (_, language, more, most) => {
    const prompt = promptOf(language, more);
    expect(prompt).toContain("delegate(");
    expect(prompt.length).toBeLessThanOrEqual(most);
  });

  test.each([
    ["JavaScript", javascript],
    ["Python", python],
  ])("%s: what an agent can't use takes nothing", (_, language) => {
    const whole = promptOf(language, { contexts: [CONTEXT], tools });
    const part = { ...CONTEXT, characters: 20_000 };
    expect(promptOf(language, { contexts: [part], depth: 1 }).length).toBeLessThan(whole.length - 1_500);
    expect(promptOf(language, { canDelegate: false, contexts: [CONTEXT] })).not.toContain("delegate");
  });
});
