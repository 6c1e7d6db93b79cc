import { checkRun, scriptedClient } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { defineTool, RLMFlow, type Runtime } from "../../../src/index.ts";
import { inlineRuntime } from "../inline-runtime.ts";

/** A runtime with a place for one REPL: who comes next waits in line. */
function oneSeat(): Runtime {
  const inner = inlineRuntime();
  let free = Promise.resolve();
  return {
    ...inner,
    open: async (spec) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const before = free;
      free = before.then(() => promise);
      await before;
      const session = await inner.open(spec);
      return {
        start: (block) => session.start(block),
        deliver: (answer) => session.deliver(answer),
        dispose: async () => {
          await session.dispose();
          resolve();
        },
      };
    },
  };
}

const slow = defineTool({
  name: "slow",
  description: "Takes its time.",
  input: { type: "object", properties: { ms: { type: "number" } }, required: ["ms"] },
  repeat: "safe",
  run: ({ ms }: { ms: number }) => new Promise((resolve) => setTimeout(() => resolve(ms), ms)),
});

test("a REPL that was at work when a child lost patience is closed for it when it comes to rest", async () => {
  await using flow = new RLMFlow({
    client: scriptedClient(({ agentId }) =>
      agentId === "root"
        ? "```repl\nconst h = delegate('a', 'A'); await slow(600); await done(await h);\n```"
        : "```repl\nawait done(7)\n```",
    ),
    runtime: oneSeat(),
    tools: [slow],
  });
  const { answer, graph } = await flow.run("Go.");
  expect(answer).toBe(7);
  await checkRun(graph, { runtimes: { default: inlineRuntime() } });
});
