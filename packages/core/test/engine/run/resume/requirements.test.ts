import { fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { defaultEnvironment } from "../../../../src/engine/environment/default-environment.ts";
import { resolveOptions } from "../../../../src/engine/flow/flow-options.ts";
import { requireAll, requirementsOf } from "../../../../src/engine/run/resume/requirements.ts";
import { memoryStores } from "../../../../src/engine/store/memory-store.ts";
import { RLMError } from "../../../../src/index.ts";
import { agentConfig, RunBuilder } from "../../../data/run-builder.ts";
import { block, flowOf } from "../../flow-fixture.ts";
import { inlineRuntime } from "../../inline-runtime.ts";

const settings = resolveOptions({
  client: scriptedClient([]),
  runtime: inlineRuntime(),
  environment: fixedEnvironment(),
  globals: { here: () => 1 },
});

function runOf(end: boolean): RunBuilder {
  const run = new RunBuilder();
  run.query("root", "Begin.", { tools: ["here"] });
  run.action("root", "1");
  run.delegate("root", 0, "root.a", {
    config: { ...agentConfig, model: "fast", runtime: "docker" },
    tools: ["here", "readFile", "search"],
  });
  run.delegate("root", 1, "root.b", { language: { name: "python", engine: "3.13" }, tools: ["search"] });
  if (end) for (const agentId of ["root.a", "root.b"]) run.result(agentId, 1);
  return run;
}

test("all that is missing is named in one error", () => {
  const check = () => requireAll(runOf(false).graph, settings);
  expect(check).toThrow(
    'the agents that go on need client "fast", runtime "docker", a runtime "default" that speaks python, tool "readFile", tool "search". Give them in the options',
  );
  try {
    check();
  } catch (error) {
    expect(RLMError.is(error, "invalid_options")).toBe(true);
  }
});

test("agents that have ended need nothing", () => {
  expect(() => requireAll(runOf(true).graph, settings)).not.toThrow();
});

test("an agent that has ended and takes a further query needs what it had", () => {
  const ended = runOf(true).graph;
  expect(requirementsOf(ended, ["root.a"])).toEqual({
    models: ["fast"],
    runtimes: [{ key: "docker", language: "javascript" }],
    tools: ["here", "readFile", "search"],
  });
});

test("a further query is refused where a tool of the first is missing, and no model is asked", async () => {
  const workspace = memoryStores(defaultEnvironment().digest);
  await using first = flowOf([block("done(1)")], { workspace, globals: { here: () => 1 } });
  const { graph } = await first.run("Begin.");
  await first.close();
  await using second = flowOf([], { workspace });
  await expect(second.continue(graph, "And on.")).rejects.toThrow(
    'the agents that go on need tool "here". Give them in the options of RLMFlow.',
  );
});
