import { checkRun, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { Party, ReplPermits } from "../../../src/engine/resources/repl-permits.ts";
import { defineTool, RLMFlow, type Runtime } from "../../../src/index.ts";
import { broken } from "../../broken.ts";
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

describe("the invariants of permits", () => {
  const { signal } = new AbortController();

  test("a permit that was given back is not passed on within its run", async () => {
    const permits = new ReplPermits(1);
    const party = new Party(0);
    const leave = await permits.enter(party, signal);
    const evict = async () => {
      leave();
      return leave;
    };
    permits.suspend(party, { evict });
    // Its return lets the first in; the second would be let in by the same permit.
    const [first, second] = [permits.enter(party, signal), permits.enter(party, signal)];
    await expect(second).rejects.toEqual(broken("a permit that is passed on has not been given back"));
    await first;
  });
});
