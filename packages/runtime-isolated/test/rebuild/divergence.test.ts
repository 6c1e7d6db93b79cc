import {
  defineTool,
  Graph,
  memoryStores,
  RLMError,
  RLMFlow,
  type RunEvent,
  type RunNode,
  type Runtime,
} from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun, fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { afterAll, describe, expect, test } from "vitest";
import { isolatedRuntime } from "../../src/index.ts";

const isolated = isolatedRuntime();
const local = localRuntime();

afterAll(async () => {
  await isolated.close();
  await local.close();
});

const BLOCKS = [
  "let total = 1; print('begun');",
  [
    "const pair = [get(1), get(2)];",
    "const first = await Promise.race(pair);",
    "const third = await get(first + 10);",
    "total += third; print('total', total);",
  ].join("\n"),
  "await done(total)",
];

const get = defineTool({
  name: "get",
  description: "Twice the key.",
  input: { type: "object", properties: { key: { type: "number" } }, required: ["key"] },
  repeat: "safe",
  run: ({ key }: { key: number }) => key * 2,
});

const other = defineTool({ ...toolOf("other"), run: () => 0 });

function toolOf(name: string) {
  return {
    name,
    description: "Nothing.",
    input: { type: "object", properties: { key: { type: "number" } } },
    repeat: "safe",
  } as const;
}

function flowOn(runtime: Runtime): RLMFlow {
  return new RLMFlow({
    client: scriptedClient(BLOCKS.map((code) => `\`\`\`repl\n${code}\n\`\`\``)),
    runtime,
    tools: [get, other],
    workspace: memoryStores(fixedEnvironment().digest),
    closeRuntimes: false,
  });
}

/** The recorded run, up to a node, with nodes changed. */
async function recorded(
  runtime: Runtime,
  upTo: string,
  change: (nodes: readonly RunNode[]) => readonly RunNode[],
): Promise<Graph> {
  await using flow = flowOn(runtime);
  const { answer, graph } = await flow.run("Add up.");
  expect(answer).toBe(25);
  return Graph.fromNodes(graph.run, change([...graph.at(upTo).walk()]));
}

function withCode(edit: (code: string) => string): (nodes: readonly RunNode[]) => readonly RunNode[] {
  return (nodes) =>
    nodes.map((node) =>
      node.type === "action" && node.id === "root#3" ? { ...node, code: edit(node.code ?? "") } : node,
    );
}

/** The first two answers in the other order. */
function swapped(nodes: readonly RunNode[]): readonly RunNode[] {
  const places = nodes.flatMap((node, place) =>
    node.id === "root#3/0" || node.id === "root#3/1" ? [place] : [],
  );
  const [a = 0, b = 0] = places;
  const swap = (place: number) => (place === a ? b : place === b ? a : place);
  return nodes.map((node, place) => ({ ...(nodes[swap(place)] ?? node), n: node.n }));
}

async function divergenceOf(runtime: Runtime, graph: Graph): Promise<RLMError> {
  await using flow = flowOn(runtime);
  const error: unknown = await flow.resume(graph).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!RLMError.is(error, "replay_diverged")) throw new Error(`expected a divergence, got ${String(error)}`);
  return error;
}

const MIDDLE = "root#3/2";
const END = "root#4";

const DIVERGENCES = [
  {
    name: "another argument",
    change: withCode((code) => code.replace("get(2)", "get(7)")),
    details: { node: "root#3/1", index: 1, recorded: "get([2])", asked: "get([7])" },
  },
  {
    name: "another name",
    change: withCode((code) => code.replace("get(first", "other(first")),
    details: { node: "root#3/2", index: 2, recorded: "get([12])", asked: "other([12])" },
  },
  {
    name: "another order of answers",
    change: swapped,
    details: { node: "root#3/2", index: 2, recorded: "get([12])", asked: "get([14])" },
  },
  {
    name: "a call less",
    change: withCode((code) => code.replace("await get(first + 10)", "12")),
    details: { node: "root#3/2", index: 2, recorded: "get([12])", asked: "no such call" },
  },
  {
    name: "code that catches everything",
    change: withCode((code) => `try { ${code.replace("get(2)", "get(7)")} } catch (error) { print(error); }`),
    details: { node: "root#3/1", index: 1, recorded: "get([2])", asked: "get([7])" },
  },
] as const;

describe.each([
  ["in an isolate", isolated],
  ["in this process", local],
])("a log that says something else than its code does %s", (_where, runtime) => {
  describe.each([
    ["in the middle of the block", MIDDLE],
    ["after the block", END],
  ])("when it is taken up %s", (_when, upTo) => {
    test.each(DIVERGENCES)("ends the run for $name, and names both", async ({ change, details }) => {
      const error = await divergenceOf(runtime, await recorded(runtime, upTo, change));
      expect(error.details).toMatchObject(details);
      for (const told of [details.node, details.recorded, details.asked, "fork before root#3"])
        expect(error.message).toContain(told);
    });
  });

  test("ends the run for a call more in a block that had ended", async () => {
    const change = withCode((code) => `${code}\nawait get(99);`);
    const error = await divergenceOf(runtime, await recorded(runtime, END, change));
    expect(error.details).toMatchObject({
      node: "root#3/3",
      index: 3,
      recorded: "no such call",
      asked: "get([99])",
    });
  });

  test("only warns of another output", async () => {
    const change = withCode((code) => code.replace("'total'", "'sum'"));
    const graph = await recorded(runtime, END, change);
    await using flow = flowOn(runtime);
    const run = flow.resume(graph);
    const warnings: RunEvent[] = [];
    for await (const event of run) if (event.type === "warning") warnings.push(event);
    expect((await run).answer).toBe(25);
    expect(warnings).toMatchObject([
      { agentId: "root", message: expect.stringMatching(/^root#3 wrote something else.*sum 25.*total 25/) },
    ]);
    await expect(checkRun(run.graph, { runtimes: { default: runtime } })).rejects.toThrow(
      "wrote something else",
    );
  });

  test("only warns of other variables, which the law-checker refuses", async () => {
    const graph = await recorded(
      runtime,
      END,
      withCode((code) => `${code}\nconst more = 1;`),
    );
    await using flow = flowOn(runtime);
    const run = flow.resume(graph);
    const warnings: RunEvent[] = [];
    for await (const event of run) if (event.type === "warning") warnings.push(event);
    expect(warnings).toMatchObject([{ message: expect.stringContaining("root#3 left other variables") }]);
    await expect(checkRun(run.graph, { runtimes: { default: runtime } })).rejects.toThrow(
      "left other variables",
    );
  });
});
