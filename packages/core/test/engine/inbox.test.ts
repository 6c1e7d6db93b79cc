import { checkRun, fixedEnvironment, type Script, scriptedClient } from "@rlmflow/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type Graph, memoryStores, RLMError, RLMFlow, type RunEvent } from "../../src/index.ts";
import type { Inbox, InboxEntry, InboxFate, InboxRequest, RunStores } from "../../src/store.ts";
import { block, failureOf, until } from "./flow-fixture.ts";
import { inlineRuntime } from "./inline-runtime.ts";
import { withInboxes } from "./memory-inbox.ts";

const runs: Graph[] = [];

afterEach(async () => {
  for (const graph of runs.splice(0)) await checkRun(graph, { runtimes: { default: inlineRuntime() } });
});

const RUN = "run";

/** Stores with inboxes, whose newest inbox a test can reach from outside. */
function reachable(change: (inbox: Inbox) => Partial<Inbox> = () => ({})) {
  let newest: Inbox | undefined;
  const stores = withInboxes(memoryStores(fixedEnvironment().digest), (inbox) => {
    newest = inbox;
    return change(inbox);
  });
  const inbox = (): Inbox => {
    if (newest === undefined) throw new Error("no store was opened yet");
    return newest;
  };
  return { stores, inbox };
}

function flowOf(script: Script, workspace: RunStores): RLMFlow {
  return new RLMFlow({ client: scriptedClient(script), runtime: inlineRuntime(), workspace });
}

async function fateOf(inbox: Inbox, { id }: InboxEntry): Promise<InboxFate> {
  for (;;) {
    const fate = await inbox.fateOf(id);
    if (fate !== null) return fate;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A script whose first reply is held back until it is let go, and the moment in which it is asked for. */
function heldScript(code: string) {
  const reply = Promise.withResolvers<string>();
  const asked = Promise.withResolvers<void>();
  let seen = "";
  const script: Script = ({ turn, messages }) => {
    seen = messages.map(({ content }) => content).join("\n");
    asked.resolve();
    return turn === 0 ? reply.promise : block("done('end')");
  };
  return { script, asked: asked.promise, letGo: () => reply.resolve(block(code)), seen: () => seen };
}

const say = (text: string, agentId = "root"): InboxRequest => ({ kind: "say", agentId, text });

describe("a run that lives", () => {
  test("takes what is said into its inbox, and tells the sender which node it became", async () => {
    const { stores, inbox } = reachable();
    const { script, asked, letGo, seen } = heldScript("print(1)");
    await using flow = flowOf(script, stores);
    const run = flow.run("Go.", { runId: RUN });
    await asked;
    const entry = await inbox().put(say("Mind the gap."));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await inbox().fateOf(entry.id)).toBeNull();
    letGo();
    const { graph } = await run;
    runs.push(graph);
    expect(await fateOf(inbox(), entry)).toEqual({ state: "applied", nodes: ["root#2"] });
    expect(graph.find("root#2")).toMatchObject({ content: "Mind the gap.", entry: entry.id });
    expect(seen()).toContain("Mind the gap.");
  });

  test("refuses what does not fit, tells the sender why, and reports it", async () => {
    const { stores, inbox } = reachable();
    const { script, asked, letGo } = heldScript("print(1)");
    await using flow = flowOf(script, stores);
    const run = flow.run("Go.", { runId: RUN });
    const refused: RunEvent[] = [];
    const listening = (async () => {
      for await (const event of run) if (event.type === "refused") refused.push(event);
    })();
    await asked;
    const entry = await inbox().put(say("?", "root.nobody"));
    const fate = await fateOf(inbox(), entry);
    expect(fate).toMatchObject({ state: "refused", reason: expect.stringContaining("no agent root.nobody") });
    letGo();
    await run;
    await listening;
    expect(refused).toMatchObject([{ agentId: "root.nobody", edit: { kind: "say" } }]);
  });

  test("does not let an edit that waits for its agent keep others waiting", async () => {
    const { stores, inbox } = reachable();
    const { script, asked, letGo } = heldScript("print(1)");
    await using flow = flowOf(script, stores);
    const run = flow.run("Go.", { runId: RUN });
    const failed = failureOf(run);
    await asked;
    const waiting = await inbox().put(say("later"));
    const cancel = await inbox().put({ kind: "cancel", agentId: "root", reason: "enough" });
    expect(await fateOf(inbox(), cancel)).toEqual({ state: "applied", nodes: ["root#2"] });
    letGo();
    expect(await failed).toMatchObject({ code: "cancelled", message: expect.stringContaining("enough") });
    expect(await fateOf(inbox(), waiting)).toEqual({ state: "applied", nodes: ["root#1"] });
    expect(run.graph.find("root#2")).toMatchObject({ kind: "cancelled", entry: cancel.id, origin: "user" });
  });

  test("pauses and goes on", async () => {
    const { stores, inbox } = reachable();
    const { script, asked, letGo } = heldScript("print(1)");
    await using flow = flowOf(script, stores);
    const run = flow.run("Go.", { runId: RUN });
    await asked;
    const pause = await inbox().put({ kind: "pause" });
    expect(await fateOf(inbox(), pause)).toEqual({ state: "applied", nodes: [] });
    letGo();
    await until(() => run.graph.head("root")?.type === "action");
    const code = await inbox().put({ kind: "code", agentId: "root", code: "done('changed')" });
    expect(await fateOf(inbox(), code)).toEqual({ state: "applied", nodes: ["root#2"] });
    await inbox().put({ kind: "unpause" });
    const { answer, graph } = await run;
    runs.push(graph);
    expect(answer).toBe("changed");
  });

  test("aborts, and leaves to the next process what was put behind that", async () => {
    const { stores, inbox } = reachable();
    const { script, asked, letGo } = heldScript("print(1)");
    const first = flowOf(script, stores);
    const run = first.run("Go.", { runId: RUN });
    await asked;
    const abort = await inbox().put({ kind: "abort" });
    const behind = await inbox().put(say("for the next"));
    const error = await run.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(RLMError.is(error, "aborted")).toBe(true);
    expect(await inbox().fateOf(abort.id)).toEqual({ state: "applied", nodes: [] });
    expect(await inbox().fateOf(behind.id)).toBeNull();
    const { graph } = run;
    await first.close();
    letGo();
    await using second = flowOf(script, stores);
    const { graph: whole } = await second.resume(graph);
    runs.push(whole);
    expect(await inbox().fateOf(behind.id)).toEqual({ state: "applied", nodes: ["root#1"] });
    expect(await inbox().fateOf(abort.id)).toEqual({ state: "applied", nodes: [] });
  });

  test("refuses controls that were put after its end when it goes on, and takes edits", async () => {
    const { stores, inbox } = reachable();
    await using flow = flowOf(() => block("done(1)"), stores);
    const graph = await flow.start("Go.", { runId: RUN });
    const run = flow.resume(graph);
    await run;
    const pause = await inbox().put({ kind: "pause" });
    const late = await inbox().put(say("too late"));
    await flow.resume(run.graph);
    expect(await inbox().fateOf(pause.id)).toBeNull();
    const again = flow.continue(run.graph, "More.");
    await again;
    expect(await fateOf(inbox(), pause)).toMatchObject({ state: "refused" });
    expect((await fateOf(inbox(), late)).state).toBe("applied");
  });

  test("takes entries before each step", async () => {
    const { stores, inbox } = reachable();
    await using flow = flowOf(() => block("done(1)"), stores);
    const graph = await flow.start("Go.", { runId: RUN });
    const entry = await inbox().put(say("before the first"));
    const next = await flow.step(graph);
    expect(await fateOf(inbox(), entry)).toEqual({ state: "applied", nodes: ["root#1"] });
    expect([...next.walk()].map(({ id }) => id)).toEqual(["root#0", "root#1", "root#2"]);
  });
});

describe("a process that dies between an edit and its mark", () => {
  test.each([
    [say("once")],
    [{ kind: "config", agentId: "root", config: { maxIterations: 9 } }],
    [{ kind: "final", agentId: "root" }],
    [{ kind: "cancel", agentId: "root.a" }],
    [{ kind: "result", agentId: "root.a", result: { by: "hand" } }],
  ] satisfies readonly (readonly [InboxRequest])[])(
    "has applied it exactly once after the next has taken the run up: %j",
    async (request) => {
      let dead = false;
      const { stores, inbox } = reachable((own) => ({
        settle: async (id, fate) => (dead ? await new Promise(() => undefined) : await own.settle(id, fate)),
      }));
      const held = Promise.withResolvers<string>();
      const asked = Promise.withResolvers<void>();
      const script: Script = ({ agentId, turn }) => {
        if (agentId === "root")
          return block(
            turn === 0
              ? "print(await delegate('a', 'A').then((value) => value, (error) => error.message))"
              : "done('end')",
          );
        asked.resolve();
        return held.promise;
      };
      const first = flowOf(script, stores);
      const run = first.run("Go.", { runId: RUN });
      await asked.promise;
      dead = true;
      const entry = await inbox().put(request);
      const landed = async () => [...run.graph.walk()].filter((node) => node.entry === entry.id);
      if (request.kind === "result") held.resolve(block("print('in flight')"));
      while ((await landed()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await inbox().fateOf(entry.id)).toBeNull();
      const dying = run.graph;
      dead = false;
      const second = flowOf(script, stores);
      held.resolve(block("done('a')"));
      const { graph } = await second.resume(dying);
      runs.push(graph);
      expect([...graph.walk()].filter((node) => node.entry === entry.id)).toHaveLength(1);
      expect(await fateOf(inbox(), entry)).toMatchObject({ state: "applied" });
    },
  );

  test("refuses controls that were meant for the dead one, and applies edits that were never taken", async () => {
    const { stores, inbox } = reachable();
    const script: Script = ({ turn }) => block(turn === 0 ? "print(1)" : "done(2)");
    const first = flowOf(script, stores);
    const graph = await first.step(await first.start("Go.", { runId: RUN }));
    const pause = await inbox().put({ kind: "pause" });
    const said = await inbox().put(say("in between"));
    await using second = flowOf(script, stores);
    const { graph: whole } = await second.resume(graph);
    runs.push(whole);
    expect(await fateOf(inbox(), pause)).toEqual({
      state: "refused",
      reason: "Nobody moved the run when pause was put.",
    });
    expect(await fateOf(inbox(), said)).toEqual({ state: "applied", nodes: ["root#2"] });
  });
});

describe("an inbox that fails", () => {
  test("ends the run, whose graph can be resumed", async () => {
    let broken = true;
    const { stores } = reachable((inbox) => ({
      take: () =>
        broken ? Promise.reject(new RLMError("store_failed", "The inbox can't be read.")) : inbox.take(),
    }));
    await using flow = flowOf(() => new Promise<string>(() => undefined), stores);
    const run = flow.run("Go.", { runId: RUN });
    await run.then(
      () => expect.unreachable(),
      (error) => expect(error).toMatchObject({ code: "store_failed", graph: { length: 1 } }),
    );
    broken = false;
    await using next = flowOf(() => block("done(1)"), stores);
    expect((await next.resume(run.graph)).answer).toBe(1);
  });

  test("ends a run that is paused", async () => {
    let broken = false;
    const { stores, inbox } = reachable((own) => ({
      take: () =>
        broken ? Promise.reject(new RLMError("store_failed", "The inbox can't be read.")) : own.take(),
    }));
    const { script, asked, letGo } = heldScript("print(1)");
    await using flow = flowOf(script, stores);
    const run = flow.run("Go.", { runId: RUN });
    await asked;
    const paused = run.pause();
    letGo();
    await paused;
    broken = true;
    await inbox().put(say("?"));
    await run.then(
      () => expect.unreachable(),
      (error) => expect(error).toMatchObject({ code: "store_failed" }),
    );
  });
});
