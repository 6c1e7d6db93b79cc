import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkRun, fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { Graph, loadTrace, memoryStores, RLMFlow, saveTrace } from "../../../src/index.ts";
import { type PayloadSource, traceText } from "../../../src/store.ts";
import { runFailureOf } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

const BLOCK = (code: string) => `\`\`\`repl\n${code}\n\`\`\``;
const LARGE = `${'\u{1F600} "quoted" \n'.repeat(20_000)}`;
const { digest } = fixedEnvironment();

/** A run with a large output, a large answer and a context that ends in the middle of where pieces are cut. */
async function recorded() {
  const stores = memoryStores(digest);
  const script = {
    root: [
      BLOCK(
        "print('x'.repeat(70_000)); vars.child = delegate('a', 'Read it.', { context: 'y'.repeat(70_000) })",
      ),
      BLOCK("done((await wait(vars.child))[0])"),
    ],
    "root.a": [BLOCK("done('z'.repeat(70_000))")],
  };
  const client = scriptedClient(script);
  const environment = fixedEnvironment();
  const flow = new RLMFlow({ client, runtime: inlineRuntime(), workspace: stores, environment });
  await using _ = flow;
  const { graph } = await flow.run("Read.", { runId: "run", context: `x${LARGE}` });
  return { graph, store: await stores.openRun("run", "main") };
}

describe("a trace", () => {
  test("holds a run whole: what is loaded from it is the same, byte by byte", async () => {
    const { graph, store } = await recorded();
    const text = await saveTrace(graph, store);
    const loaded = await loadTrace(text);
    expect(loaded.graph.toJSON()).toEqual(graph.toJSON());
    const kept = await loaded.stores.openRun("run", "main");
    expect(await saveTrace(loaded.graph, kept)).toBe(text);
    expect(await saveTrace((await loadTrace(JSON.parse(text))).graph, kept)).toBe(text);
    await checkRun(loaded.graph, { store: kept, runtimes: { default: inlineRuntime() } });
  });

  test("is a graph document too", async () => {
    const { graph, store } = await recorded();
    expect(Graph.fromJSON(JSON.parse(await saveTrace(graph, store))).toJSON()).toEqual(graph.toJSON());
  });

  test("can be continued, without asking again for what it has", async () => {
    const { graph, store } = await recorded();
    const { stores } = await loadTrace(await saveTrace(graph.at("root#2"), store));
    const asked: string[] = [];
    const client = scriptedClient(({ agentId, turn }) => {
      asked.push(`${agentId} ${turn}`);
      return BLOCK(agentId === "root" ? "done((await wait(vars.child))[0].length)" : "done('again')");
    });
    const flow = new RLMFlow({ client, runtime: inlineRuntime(), workspace: stores });
    await using _ = flow;
    const kept = await stores.openRun("run", "main");
    const { answer } = await flow.resume(Graph.fromNodes(kept.run, await kept.read()));
    expect(answer).toBe(70_000);
    expect(asked).toEqual(["root 1"]);
  });

  test("comes in pieces, none much larger than a payload's piece or a node", async () => {
    const { graph, store } = await recorded();
    let longest = 0;
    for await (const piece of traceText(graph, store)) longest = Math.max(longest, piece.length);
    expect(longest).toBeLessThan(LARGE.length);
  });

  test("says what is wrong with it", async () => {
    const { graph, store } = await recorded();
    const text = await saveTrace(graph, store);
    const document = JSON.parse(text);
    const [name = ""] = Object.keys(document.contexts);
    const cases: readonly (readonly [unknown, RegExp])[] = [
      ["{", /^A trace is one JSON document; this is none/],
      [
        graph.toJSON(),
        /^\$\.blobs lacks [0-9a-f]{64}, which a node names: this is a graph without its payloads/,
      ],
      [{ ...document, blobs: [] }, /^\$\.blobs: expected texts by their digests/],
      [
        { ...document, contexts: { ...document.contexts, [name]: "x" } },
        /the text does not have this digest/,
      ],
      [{ ...document, format: 99 }, /has format 99; this version of rlmflow reads formats 1 to 2/],
      [{ ...document, nodes: document.nodes.slice(1) }, /names the parent|expected|goes on at/],
    ];
    for (const [trace, says] of cases) await expect(loadTrace(trace)).rejects.toThrow(says);
    const { stores } = await loadTrace(text);
    await expect(loadTrace(text, stores)).rejects.toMatchObject({ code: "already_exists" });
  });

  test("of a run whose payloads are gone is refused", async () => {
    const { graph } = await recorded();
    const empty = await memoryStores(digest).createRun(graph.run);
    await expect(saveTrace(graph, empty)).rejects.toMatchObject({ code: "not_found" });
  });

  test("is linear in the number of nodes", async () => {
    const sizes = await Promise.all([200, 400].map((turns) => sizeOf(turns)));
    expect((sizes[1] ?? 0) / (sizes[0] ?? 1)).toBeLessThan(2.2);
  });
});

/** A flow in memory whose root hands a piece of its context to a child, and answers with something large. */
function inMemory(): RLMFlow {
  const client = scriptedClient({
    root: [
      BLOCK("vars.child = delegate('a', 'Read.', { context: 'y'.repeat(70_000) })"),
      BLOCK("done((await wait(vars.child))[0])"),
    ],
    "root.a": [BLOCK("done('z'.repeat(70_000))")],
  });
  return new RLMFlow({ client, runtime: inlineRuntime() });
}

async function traceFile(text: string | AsyncIterable<string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rlmflow-trace-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "run.json"), text);
  return join(folder, "run.json");
}

describe("a run in memory", () => {
  test("is saved with its payloads, by itself, also after its flow was closed", async () => {
    const flow = inMemory();
    const run = flow.run("Read.", { context: LARGE });
    const { graph } = await run;
    const text = await saveTrace(run);
    expect(await saveTrace(graph, flow)).toBe(text);
    await flow.close();
    expect(await saveTrace(run)).toBe(text);
    const loaded = await loadTrace(text);
    expect(await saveTrace(loaded.graph, loaded.stores as PayloadSource)).toBe(text);
  });

  test("is loaded by its path or address, and goes on, is stepped and is forked", async () => {
    await using flow = inMemory();
    const run = flow.run("Read.", { context: LARGE });
    await run;
    const path = await traceFile(traceText(run));
    for (const place of [path, pathToFileURL(path)]) {
      const { graph, stores } = await loadTrace(place);
      const client = scriptedClient(() => BLOCK("done('again')"));
      await using again = new RLMFlow({ client, runtime: inlineRuntime(), workspace: stores });
      expect((await again.continue(graph, "More.")).answer).toBe("again");
      const forked = await again.resume(graph.at("root#0"));
      expect([forked.answer, forked.graph.branch === "main"]).toEqual(["again", false]);
      const stepped = await again.step(graph.at("root#2"));
      expect(stepped.length).toBeGreaterThan(graph.at("root#2").length);
    }
  });

  test("that failed is saved from its error", async () => {
    const client = scriptedClient(["no code"]);
    await using flow = new RLMFlow({ client, runtime: inlineRuntime(), config: { maxIterations: 1 } });
    const error = await runFailureOf(flow.run("Read.", { context: LARGE }));
    const { graph } = await loadTrace(await saveTrace(error.graph, flow));
    expect(graph.toJSON()).toEqual(error.graph.toJSON());
  });

  test("that is still on its way is saved as far as it has got", async () => {
    const held = Promise.withResolvers<string>();
    const client = scriptedClient(() => held.promise);
    await using flow = new RLMFlow({ client, runtime: inlineRuntime() });
    const run = flow.run("Read.", { context: LARGE });
    await run.resumed();
    expect((await loadTrace(await saveTrace(run))).graph.length).toBe(1);
    held.resolve(BLOCK("done(1)"));
    await run;
  });

  test("names what is missing: the source of a graph, a file, a run", async () => {
    await using flow = inMemory();
    const run = flow.run("Read.", { context: LARGE });
    const { graph } = await run;
    await expect(saveTrace(graph)).rejects.toThrow(/saveTrace\(graph, flow\)/);
    await expect(saveTrace((await run) as never)).rejects.toThrow(/saveTrace\(graph, flow\)/);
    await expect(saveTrace(undefined as never)).rejects.toThrow(/saveTrace\(run\)/);
    await expect(loadTrace("no/such/run.json")).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining('"no/such/run.json"'),
    });
    await using elsewhere = new RLMFlow({ client: scriptedClient([]), runtime: inlineRuntime() });
    await expect(elsewhere.continue(Graph.fromJSON(graph.toJSON()), "More.")).rejects.toThrow(/saveTrace/);
  });

  test("without payloads needs no source", async () => {
    const client = scriptedClient(() => BLOCK("done(1)"));
    await using flow = new RLMFlow({ client, runtime: inlineRuntime() });
    const { graph } = await flow.run("Read.");
    expect((await loadTrace(await saveTrace(graph))).graph.length).toBe(3);
  });
});

async function sizeOf(turns: number): Promise<number> {
  const stores = memoryStores(digest);
  const script = Array.from({ length: turns }, (_, turn) => BLOCK(turn < turns - 1 ? "print(1)" : "done(1)"));
  const client = scriptedClient(script);
  const flow = new RLMFlow({
    client,
    runtime: inlineRuntime(),
    workspace: stores,
    config: { maxIterations: turns },
  });
  await using _ = flow;
  const { graph } = await flow.run("Count.", { runId: "run" });
  return (await saveTrace(graph, await stores.openRun("run", "main"))).length;
}
