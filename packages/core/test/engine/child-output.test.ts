import { expect, test } from "vitest";
import { block, flowOf } from "./flow-fixture.ts";

/** Runs a root that delegates with this output schema, and a child that answers with a key of its own first. */
async function childOf(output: string) {
  let told = "";
  await using flow = flowOf(({ agentId, turn, messages }) => {
    if (agentId === "root")
      return block(`done(await wait(delegate("part", "Count.", { output: ${output} })))`);
    if (turn === 0) return block("await done({ total: 42 })");
    told = messages.at(-1)?.content ?? "";
    return block("done({ count: 42 })");
  });
  const { answer } = await flow.run("How many?");
  return { answer, told };
}

test("a child must answer with each key that the schema given to delegate lists", async () => {
  const { answer, told } = await childOf('{ type: "object", properties: { count: { type: "integer" } } }');
  expect(told).toContain("count: wanted integer, got nothing");
  expect(answer).toEqual([{ count: 42 }]);
});

test("a schema given to delegate that says what is required means what it says", async () => {
  const { answer, told } = await childOf(
    '{ type: "object", properties: { count: { type: "integer" } }, required: [] }',
  );
  expect({ answer, told }).toEqual({ answer: [{ total: 42 }], told: "" });
});
