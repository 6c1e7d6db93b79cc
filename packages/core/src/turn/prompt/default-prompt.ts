import { counted } from "../../data/counted.ts";
import { languageName } from "../language-name.ts";
import type { AgentView } from "./prompt-builder.ts";
import { PromptBuilder } from "./prompt-builder.ts";

/**
 * The prompt agents get unless a user brings another. The kernel teaches its REPL, the sections here say
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
  const input =
    agent.contexts.length > 0
      ? " Your input lies outside this conversation, in CONTEXT: look at it with code."
      : "";
  const who =
    agent.depth === 0
      ? "You solve a task"
      : "You are a sub-agent: you solve one part of a larger task and answer the agent that gave it to you, tersely and in the asked-for form,";
  return `${who} by writing ${languageName(agent.kernel.language)} that runs in a REPL.${input} Each of your replies holds one block of code; you are shown what it printed and go on, until you call done(...).`;
}

function repl(agent: AgentView): string {
  const sections = agent.kernel.promptSections({
    canDelegate: agent.canDelegate,
    hasContext: agent.contexts.length > 0,
    severalContexts: agent.contexts.length > 1,
    hasTools: agent.tools.length > 0,
  });
  return sections.map((section) => section.text).join("\n\n");
}

function tools(agent: AgentView): string | null {
  if (agent.tools.length === 0 && agent.globals.length === 0) return null;
  const lines = agent.tools.map((tool) => {
    const signature = agent.kernel.signature({
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
  if (agent.runtimes.length < 2 || !agent.canDelegate) return null;
  const lines = agent.runtimes.map(({ key, language }) => `- "${key}": ${languageName(language)}`);
  return `Runtimes for the option \`runtime\` of delegate (yours is "${agent.config.runtime}"):\n${lines.join("\n")}`;
}

function strategy(agent: AgentView): string {
  const rules = [
    agent.contexts.length > 0
      ? "Probe first: size, structure, a small sample. Never print the whole input."
      : "",
    "Use code for what is exact (counting, searching, joining), a model for what needs reading and judgement.",
    agent.canDelegate
      ? "Delegate when the input is too big for you or the parts are independent, not for show. Give each child a short goal, its payload by `context`, and an `output` schema; start all of them, then wait."
      : "",
    "Print what you found and read it before you call done.",
  ];
  return rules
    .filter((rule) => rule !== "")
    .map((rule) => `- ${rule}`)
    .join("\n");
}

function output(agent: AgentView): string | null {
  if (agent.output === null) return null;
  return `done(value) takes a value that fits this JSON Schema:\n${JSON.stringify(agent.output)}`;
}

function limits({ config, canDelegate, depth }: AgentView): string {
  const parts = [
    `${counted(config.maxIterations, "reply", "replies")}, the last of which must call done`,
    `${config.maxOutputLength} characters of output shown per block`,
  ];
  if (canDelegate)
    parts.push(
      `${counted(config.maxChildren, "child", "children")} per block`,
      `${counted(config.maxDepth - depth, "more level")} of agents`,
    );
  return `Limits: ${parts.join("; ")}.`;
}
