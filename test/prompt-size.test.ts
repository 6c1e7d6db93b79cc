import { type AgentView, defaultPrompt } from "@rlmflow/core";
import type { Kernel } from "@rlmflow/core/driver";
import { javascriptKernel } from "@rlmflow/repl";
import { pythonKernel } from "@rlmflow/repl-python";
import { fileTools } from "@rlmflow/tools";
import { describe, expect, test } from "vitest";
import { resolveConfig, rootConfig } from "../packages/core/src/rules/limits.ts";

const CONTEXT = { key: "context", characters: 1_000_000, digest: "0".repeat(64) };

/** The prompt of an agent with the default limits, at the depth given. */
function promptOf(kernel: Kernel, more: Partial<AgentView>): string {
  return defaultPrompt().render({
    agentId: "root",
    depth: 0,
    canDelegate: true,
    config: rootConfig(resolveConfig(), "default", "default"),
    contexts: [],
    output: null,
    globals: [],
    tools: [],
    models: [{ key: "default", description: "" }],
    runtimes: [{ key: "default", language: kernel.language }],
    kernel,
    ...more,
  });
}

/** What a default prompt may take: every request of every agent pays for it. */
describe("the default prompt stays short", () => {
  const tools = fileTools(".");
  test.each<[string, Kernel, Partial<AgentView>, number]>([
    ["JavaScript with a context", javascriptKernel, { contexts: [CONTEXT] }, 3_540],
    ["Python with a context", pythonKernel, { contexts: [CONTEXT] }, 3_410],
    ["JavaScript with file tools", javascriptKernel, { tools }, 4_660],
    ["Python with file tools", pythonKernel, { tools }, 4_660],
  ])("%s", (_, kernel, more, most) => {
    const prompt = promptOf(kernel, more);
    expect(prompt).toContain("delegate(");
    expect(prompt.length).toBeLessThanOrEqual(most);
  });

  test.each([
    ["JavaScript", javascriptKernel],
    ["Python", pythonKernel],
  ])("%s: what an agent can't use takes nothing", (_, kernel) => {
    const whole = promptOf(kernel, { contexts: [CONTEXT], tools });
    const part = { ...CONTEXT, characters: 20_000 };
    expect(promptOf(kernel, { contexts: [part], depth: 1 }).length).toBeLessThan(whole.length - 1_500);
    expect(promptOf(kernel, { canDelegate: false, contexts: [CONTEXT] })).not.toContain("delegate");
  });
});
