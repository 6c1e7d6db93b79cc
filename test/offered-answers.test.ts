import { type JsonValue, RLMFlow } from "@rlmflow/core";
import { pythonLanguage } from "@rlmflow/repl-python";
import { localRuntime } from "@rlmflow/runtime-local";
import { subprocessRuntime } from "@rlmflow/runtime-subprocess";
import { checkRun, scriptedClient } from "@rlmflow/testing";
import { afterAll, describe, expect, test } from "vitest";

const runtimes = { JavaScript: localRuntime(), Python: subprocessRuntime({ language: pythonLanguage }) };

afterAll(async () => {
  for (const runtime of Object.values(runtimes)) await runtime.close();
});

const VALUES: readonly JsonValue[] = [
  { found: true, missing: null, none: [], ratio: -0.5, big: 1e21, nested: { "a b": [false, {}] } },
  "quotes \" ' and \\ and ``` and \u2028 and \u0000 and 😀 and {y}",
  JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}'),
  [[[[1]]]],
  0,
];

describe.each(Object.entries(runtimes))("%s: an answer that a last reply gives as JSON", (_, runtime) => {
  test.each(VALUES.map((value) => [JSON.stringify(value), value] as const))("is %s", async (text, value) => {
    const client = scriptedClient([`\`\`\`\`json\n${text}\n\`\`\`\``]);
    await using flow = new RLMFlow({ client, runtime, closeRuntimes: false, config: { maxIterations: 1 } });
    const { answer, graph } = await flow.run("Answer.");
    expect(JSON.stringify(answer)).toBe(JSON.stringify(value));
    await checkRun(graph, { runtimes: { default: runtime } });
  });
});
