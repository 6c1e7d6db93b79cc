import type { Activation } from "@rlmflow/core/driver";
import { afterAll, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { payload, ReplDriver } from "./repl-driver.ts";

const runtime = pythonRuntime();
afterAll(() => runtime.close());

/** Forms that other systems know, failures, searches, values that are let go of, and answers that come out of order. */
const BLOCKS: readonly string[] = [
  "context.text()\nrows = context.lines()\ncontext = len(rows)\ncontext",
  "[context, CONTEXT.grep('nothing'), 'b' in CONTEXT, CONTEXT['log'].text(), CONTEXT.slice(0, 1)]",
  "async def main():\n    return await llmQuery('q', schema={'type': 'integer'})\nasyncio.run(main())",
  "first = llm_query('a')\nfirst.strip()",
  "handle = delegate('child', 'q', CONTEXT.read(0, 3), maxIterations=2)\nawait handle",
  "import json\nd = json.loads(CONTEXT)",
  "done = 1\nawait asyncio.sleep(0)\nnext(iter([]))",
  "big = bytearray(1_000_000)\nbig = None\nbig = bytearray(1_000_000)\nlen(big)",
  "for n in range(3): asyncio.create_task(main())\nraise asyncio.CancelledError('why')",
  "try:\n    FINAL({1})\nexcept TypeError as error:\n    print(error)\nreturn FINAL(context)",
];

async function played(): Promise<readonly unknown[]> {
  const repl = await ReplDriver.open(runtime, { contexts: [payload("log", "a\nb\nc\n")] });
  const activations: unknown[] = [];
  for (const block of BLOCKS) {
    let activation: Activation = await repl.start(block);
    activations.push(withoutTime(activation));
    for (const { index, name } of activation.calls) {
      const value = name === "wait" ? [{ ok: true, value: 3 }] : name === "delegate" ? "root.child" : 7;
      if (name === "done") continue;
      activation = await repl.answer(index, value);
      activations.push(withoutTime(activation));
    }
  }
  await repl.session.dispose();
  return activations;
}

const withoutTime = ({ codeMs: _, ...activation }: Activation): unknown => activation;

test("a REPL that is built again gives the same activations, whatever forms were understood", async () => {
  const [once, again] = [await played(), await played()];
  expect(again).toEqual(once);
  const calls = (once as readonly Activation[]).flatMap((activation) =>
    activation.calls.map(({ name, args }) => [name, args]),
  );
  expect(calls).toContainEqual(["llmQuery", ["q", { output: { type: "integer" } }]]);
  expect(calls.at(-1)).toEqual(["done", [3]]);
});
