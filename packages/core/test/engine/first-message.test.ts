import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { defaultEnvironment } from "../../src/engine/environment/default-environment.ts";
import { Graph, type Message, memoryStores } from "../../src/index.ts";
import type { RunStores } from "../../src/store.ts";
import { block, flowOf } from "./flow-fixture.ts";

/** The first message of each agent's first request, by agent. */
function firstMessages() {
  const first = new Map<string, string>();
  const note = ({
    agentId,
    messages,
  }: {
    readonly agentId: string;
    readonly messages: readonly Message[];
  }) => {
    if (!first.has(agentId)) first.set(agentId, messages[1]?.content ?? "");
  };
  return { first, note };
}

describe("the first message", () => {
  test("describes the input, of a child the part that it was given", async () => {
    const { first, note } = firstMessages();
    await using flow = flowOf((request) => {
      note(request);
      if (request.agentId !== "root") return block("done('child')");
      return block(
        "const slice = { kind: 'slice', key: 'context', slice: { key: 'context', start: 3, end: 6 } };" +
          "await wait(delegate('part', 'P', { contexts: [slice] })," +
          "  delegate('text', 'T', { contexts: [{ kind: 'text', key: 'note', text: 'own' }] })," +
          "  delegate('none', 'N')); done(1)",
      );
    });
    const { graph } = await flow.run("Count.", { context: "a\nb\nc\nd\n" });
    expect(Object.fromEntries(first)).toEqual({
      root: 'Count.\n\nCONTEXT holds 8 characters, 4 lines. All of it as a JSON string: "a\\nb\\nc\\nd\\n"',
      "root.part": 'P\n\nCONTEXT holds 3 characters, 2 lines. All of it as a JSON string: "\\nc\\n"',
      "root.text": 'T\n\nCONTEXT holds 3 characters, 1 line. All of it as a JSON string: "own"',
      "root.none": "N",
    });
    await checkRun(graph);
  });

  test("comes from the record: a run that is read back sends the same", async () => {
    const { first, note } = firstMessages();
    const stores = memoryStores(defaultEnvironment().digest);
    const script = (request: Parameters<typeof note>[0]) => {
      note(request);
      return block("done(1)");
    };
    await using flow = flowOf(script, { workspace: stores });
    const started = await flow.start("Look.", { context: "x".repeat(1_000) });
    const read = Graph.fromJSON(JSON.parse(JSON.stringify(started)));
    expect(read.chain("root")).toEqual(started.chain("root"));
    await flow.resume(read);
    expect(first.get("root")).toContain("Look.\n\nCONTEXT holds 1,000 characters");
  });

  test("reads no more than the beginning of a large context", async () => {
    const stores = memoryStores(defaultEnvironment().digest);
    let furthest = 0;
    const workspace: RunStores = {
      payloads: {
        putBlob: (text) => stores.payloads.putBlob(text),
        getBlob: (digest) => stores.payloads.getBlob(digest),
        putContext: (text) => stores.payloads.putContext(text),
        async openContext(digest) {
          const context = await stores.payloads.openContext(digest);
          const read = (start: number, end: number) => {
            furthest = Math.max(furthest, end);
            return context.read(start, end);
          };
          return { ...context, read };
        },
      },
      createRun: (...made) => stores.createRun(...made),
      openRun: (...where) => stores.openRun(...where),
      forkRun: (...what) => stores.forkRun(...what),
    };
    await using flow = flowOf(() => block("done(1)"), { workspace });
    await flow.run("Look.", { context: "0123456789\n".repeat(100_000) });
    expect(furthest).toBe(65_536);
  });

  test("says nothing of the input with a further query: the REPL is the same", async () => {
    const contents: string[] = [];
    await using flow = flowOf(({ messages }) => {
      contents.push(messages.at(-1)?.content ?? "");
      return block("done(1)");
    });
    const { graph } = await flow.run("One.", { context: "abc" });
    await flow.continue(graph, "Two.");
    expect(contents[0]).toContain("CONTEXT holds 3 characters");
    expect(contents[1]).toBe("Two.");
  });
});
