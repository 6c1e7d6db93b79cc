import { checkRun } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { defaultEnvironment } from "../../../src/engine/environment/default-environment.ts";
import { defineTool, memoryStores, type RunNode } from "../../../src/index.ts";
import type { RunStores } from "../../../src/store.ts";
import { block, flowOf, until } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

/** Stores that note what is appended together. */
function notingStores() {
  const appends: (readonly RunNode[])[] = [];
  const stores = memoryStores(defaultEnvironment().digest);
  const noting: RunStores = {
    payloads: stores.payloads,
    createRun: async (info, nodes) => {
      const { protocol, run, payloads, ...store } = await stores.createRun(info, nodes).then((made) => ({
        protocol: made.protocol,
        run: made.run,
        payloads: made.payloads,
        read: () => made.read(),
        close: () => made.close(),
        keep: made.append.bind(made),
      }));
      const append = async (agentId: string, n: number, nodes: readonly RunNode[]) => {
        appends.push(nodes);
        await store.keep(agentId, n, nodes);
      };
      return { protocol, run, payloads, append, read: store.read, close: store.close };
    },
    openRun: (runId, branchId) => stores.openRun(runId, branchId),
    forkRun: (run, nodes) => stores.forkRun(run, nodes),
  };
  return { stores: noting, appends };
}

/** Runs this code when its children a, b and c have been started and have ended; `tool` notes its calls. */
async function afterChildren(code: string) {
  const { stores, appends } = notingStores();
  const called: string[] = [];
  const ends = () => appends.flat().filter(({ type, agentId }) => type === "result" && agentId !== "root");
  const childrenEnd = defineTool({
    name: "childrenEnd",
    description: "Answers when three children have ended.",
    repeat: "safe",
    input: { type: "object" },
    run: () => until(() => ends().length >= 3).then(() => null),
  });
  const tool = defineTool({
    name: "tool",
    description: "Notes what it is given.",
    repeat: "safe",
    input: { type: "object", properties: { given: { type: "string" } }, required: ["given"] },
    run: ({ given }: { given: string }) => {
      called.push(given);
      return null;
    },
  });
  const begin =
    "const handles = ['a', 'b', 'c'].map((n) => delegate(n, n)); await childrenEnd({}); vars.seen = []; ";
  await using flow = flowOf(
    ({ agentId }) => block(agentId === "root" ? begin + code : `done('${agentId}')`),
    {
      workspace: stores,
      tools: [childrenEnd, tool],
    },
  );
  const { answer, graph } = await flow.run("Go.");
  await checkRun(graph, { runtimes: { default: inlineRuntime() } });
  const waits = appends.map((nodes) =>
    nodes.flatMap((node) => (node.type === "call" && node.name === "wait" ? node.index : [])),
  );
  return { answer, graph, called, waits: waits.filter(({ length }) => length > 0) };
}

test("answers of waits for children that have ended are appended together and delivered one after another", async () => {
  const { answer, waits } = await afterChildren(
    "await Promise.all(handles.map((h) => h.then((v) => vars.seen.push(v)))); done(vars.seen)",
  );
  expect(answer).toEqual(["root.a", "root.b", "root.c"]);
  expect(waits).toEqual([[4, 5, 6]]);
});

test("what the code calls when it hears of one child after another is called in that order", async () => {
  const { answer, called } = await afterChildren(
    "await Promise.all(handles.map(async (h) => { const v = await h; vars.seen.push(v); await tool({ given: vars.seen.join() }); })); done(vars.seen)",
  );
  expect(called).toEqual(["root.a", "root.a,root.b", "root.a,root.b,root.c"]);
  expect(answer).toEqual(["root.a", "root.b", "root.c"]);
});

test("a wait for what is no handle is refused in its place among them", async () => {
  const { answer, graph } = await afterChildren(
    "const note = (v) => vars.seen.push(v); await Promise.all([handles[0].then(note), wait({ block: 'root#9', index: 0 }).catch((e) => note(e.name)), handles[1].then(note), handles[2].then(note)]); done(vars.seen)",
  );
  expect(answer).toEqual(["root.a", "TypeError", "root.b", "root.c"]);
  expect(graph.head("root")?.type).toBe("result");
});
