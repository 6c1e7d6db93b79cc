import { defineTool, RLMFlow } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun, scriptedClient } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";

const block = (...lines: readonly string[]): string => ["```repl", ...lines, "```"].join("\n");

/** What each agent says, turn by turn. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  root: [
    block(
      'const child = delegate("count", "Count the words.", { runtime: "python", context: "to be or not", output: { type: "integer" } });',
      "const words = await child;",
      "words",
    ),
    block("await done({ words });"),
  ],
  "root.count": [
    block(
      'shout = delegate("shout", "Shout.", runtime="js", context=CONTEXT.slice(0, 2))',
      "try:",
      "    await done('many')",
      "except Exception as error:",
      "    print(type(error).__name__)",
      "results = yield wait(shout)",
      "print(results, await join('a', right='b'))",
    ),
    block("await done(len(CONTEXT.read().split()))"),
  ],
  "root.count.shout": [block("await done(CONTEXT.read().toUpperCase());")],
};

test.each([64, 1])(
  "agents in JavaScript and in Python are each other's parents and children, %i alive",
  async (maxLiveRepls) => {
    const shown: string[] = [];
    const client = scriptedClient(({ agentId, turn, messages }) => {
      if (agentId === "root.count" && turn === 1) shown.push(messages.at(-1)?.content ?? "");
      return SCRIPTS[agentId]?.[turn] ?? "";
    });
    const join = defineTool({
      name: "join",
      description: "Joins two texts.",
      input: {
        type: "object",
        properties: { left: { type: "string" }, middle: { type: "string" }, right: { type: "string" } },
        required: ["left", "right"],
      },
      repeat: "safe",
      run: (input) => JSON.stringify(input),
    });
    await using flow = new RLMFlow({
      client,
      runtimes: { js: localRuntime(), python: pythonRuntime() },
      tools: [join],
      config: { maxLiveRepls },
    });
    const { answer, graph } = await flow.run("How many?");
    expect(answer).toEqual({ words: 4 });
    expect(shown).toEqual(['Output:\nTypeError\n[\'TO\'] {"left":"a","right":"b"}\n']);
    await checkRun(graph);
  },
  120_000,
);

test("what the host tells an agent of Python is written as Python", async () => {
  const shown: string[] = [];
  const replies = [
    "def no_fence(): pass",
    block(
      "llm_query('a')",
      "for ask in (lambda: llm_query('b', model='x'), lambda: delegate('a', 'q', max_iterations=-1)):",
      "    try:",
      "        await ask()",
      "    except Exception as error:",
      "        print(error)",
      "try:",
      "    await delegate('b', 'q', globals=[1])",
      "except Exception as error:",
      "    print(error)",
    ),
    block("await done(1)"),
  ];
  const client = scriptedClient(({ purpose, turn, messages }) => {
    if (purpose === "query") return "an answer";
    shown.push(messages.at(-1)?.content ?? "");
    return replies[turn] ?? "";
  });
  await using flow = new RLMFlow({ client, runtime: pythonRuntime() });
  const { graph } = await flow.run("Try.");
  expect(shown[1]).toContain("write Python in such a block.");
  expect(shown[2]).toBe(
    [
      "Output:",
      'llm_query: there is no model "x". Models: default.',
      "delegate: max_iterations must be a positive number.",
      "delegate: globals must be a dict of JSON values, not list",
      "",
      "Not awaited, so you have not seen its answer: llm_query (call 0). If a variable holds it, await that in your next block; otherwise write `await` in front of the call next time.",
    ].join("\n"),
  );
  await checkRun(graph);
});

test("a call that was printed and not awaited is told of in words that are true: the next block may await it", async () => {
  const replies = [
    "calls = [llm_query(text) for text in ('a', 'b')]\nprint(calls)",
    "print([await call for call in calls])",
    "await done(1)",
  ].map((code) => `\`\`\`repl\n${code}\n\`\`\``);
  const shown: string[] = [];
  const client = scriptedClient(({ purpose, turn, messages }) => {
    if (purpose === "query") return "an answer";
    shown.push(messages.at(-1)?.content ?? "");
    return replies[turn] ?? "";
  });
  await using flow = new RLMFlow({ client, runtime: pythonRuntime() });
  await checkRun((await flow.run("Try.")).graph);
  expect(shown[1]).toBe(
    [
      "Output:",
      "[<call of llm_query: await it>, <call of llm_query: await it>]",
      "",
      "Not awaited, so you have not seen their answers: llm_query (call 0), llm_query (call 1). If a variable holds them, await that in your next block; otherwise write `await` in front of the call next time.",
    ].join("\n"),
  );
  expect(shown[2]).toBe("Output:\n['an answer', 'an answer']\n");
});
