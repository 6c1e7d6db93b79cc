import { setTimeout } from "node:timers/promises";
import {
  type CallNode,
  type Client,
  defineTool,
  type Environment,
  endsAgent,
  type FlowParts,
  Graph,
  memoryStores,
  RLMFlow,
  type RunNode,
  type Runtime,
} from "@rlmflow/core";
import type { Activation, ReplSession } from "@rlmflow/core/driver";
import {
  type AgentPort,
  AnswerSchemas,
  advance,
  InFlight,
  Journal,
  ReplPool,
  resolveOptions,
  type SendOptions,
} from "@rlmflow/core/driver";
import { type PayloadStore, parentAgent } from "@rlmflow/core/store";
import { localRuntime } from "@rlmflow/runtime-local";
import { fixedEnvironment, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";

/** A clock that stands still, also while somebody sleeps, so that two runs of the same code make equal nodes. */
const environment = (): Environment => ({
  ...fixedEnvironment({ step: 0 }),
  sleep: async (ms, signal) => await setTimeout(ms, undefined, { signal }).catch(() => {}),
});

/** The local runtime, without how long code took. */
function timelessRuntime(): Runtime {
  const local = localRuntime();
  const timeless = (activation: Activation): Activation => ({ ...activation, codeMs: 0 });
  return {
    protocol: local.protocol,
    name: local.name,
    language: local.language,
    isolation: local.isolation,
    replay: local.replay,
    close: () => local.close(),
    open: async (spec) => {
      const session = await local.open(spec);
      return {
        start: async (block) => timeless(await session.start(block)),
        deliver: async (answer) => timeless(await session.deliver(answer)),
        dispose: () => session.dispose(),
      } satisfies ReplSession;
    },
  };
}

const weigh = defineTool({
  name: "weigh",
  description: "The weight of a text, after a while.",
  input: {
    type: "object",
    properties: { text: { type: "string" }, ms: { type: "number" } },
    required: ["text", "ms"],
  },
  repeat: "never",
  run: async (input) => {
    const { text, ms } = input as { readonly text: string; readonly ms: number };
    await setTimeout(ms);
    if (text === "feather") throw new Error("it weighs nothing");
    return text.length;
  },
});

const BRANCH = `
const kids = [1, 2, 3, 4].map((n) => delegate("leaf_" + n, "Count to " + n, { context: "one two three four ".repeat(n), output: { type: "integer" } }));
const counts = await wait(...kids);
print("counts", counts);`;

/** What each agent replies: 30 agents on three levels, with most of what can happen to one. */
const REPLIES: Readonly<Record<string, readonly string[]>> = {
  root: [
    `const [a, b, c] = await Promise.allSettled([weigh("heavy", 30), weigh("feather", 1), llmQuery("Which way?")]);
print(a.value, b.reason.message, c.value, CONTEXT.text().length, Math.random());`,
    "I shall delegate now.",
    `const parts = ["a", "b", "c", "d", "e"].map((name) => delegate("part_" + name, "Do part " + name, { context: CONTEXT.slice(0, 40) }));
const answers = await Promise.allSettled(parts);
print(answers.map((each) => each.value ?? each.reason.message));`,
    `const more = await delegate(parts[0], "Say it again.");
const big = "x".repeat(100_000);
print(more); throw new Error("on the way");`,
    `const idle = delegate("idle", "Never answer."); await done({ more, size: big.length, answers: answers.length });`,
  ],
  "root.part_a": [BRANCH, "done(counts)", "done('again ' + counts.length)"],
  "root.part_b": [BRANCH, "done({ counts, text: 'y'.repeat(70_000) })"],
  "root.part_c": [BRANCH, "syntax error here(", "done(CONTEXT.read(0, 10))"],
  "root.part_d": [BRANCH, "done(counts.length)"],
  "root.part_e": [BRANCH.replaceAll("4]", "4, 5, 6, 7]"), "nothing", "nothing", "nothing", "nothing"],
};
const LEAF = ["print(CONTEXT.lineCount()); const n = CONTEXT.text().split(' ').length - 1;", "done(n)"];
/** The fourth leaf of each part first answers with a text, which its schema refuses. */
const STUBBORN = ["done('four')", "done(4)"];

const fenced = (code: string) => (/[(=]/.test(code) ? `\`\`\`repl\n${code}\n\`\`\`` : code);

/** Parents are suspended before a child is answered: which transition hears of what is then always the same. */
class HeldClient {
  readonly client: Client = scriptedClient(async ({ agentId, turn, purpose }) => {
    if (purpose === "query") return "Down.";
    if (agentId === "root.idle") await new Promise(() => {});
    const parent = parentAgent(agentId);
    while (parent !== null && this.#graph?.head(parent)?.type !== "supervising")
      await new Promise<void>((wake) => this.#waiting.push(wake));
    const replies = REPLIES[agentId] ?? (agentId.endsWith("leaf_4") ? STUBBORN : LEAF);
    return fenced(replies[turn] ?? "nothing");
  });
  #graph: Graph | null = null;
  readonly #waiting: (() => void)[] = [];

  look(graph: Graph): void {
    this.#graph = graph;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function partsOf(client: Client): FlowParts {
  return {
    client,
    runtime: timelessRuntime(),
    tools: [weigh],
    environment: environment(),
    config: { childMaxIterations: 4 },
  };
}

async function record() {
  const held = new HeldClient();
  const flow = new RLMFlow(partsOf(held.client));
  const run = flow.run("Do all of it.", { context: "a line of the input\n".repeat(50) });
  for await (const event of run) if (event.type === "node") held.look(run.graph);
  const { graph } = await run;
  return { graph, payloads: run.payloads, flow };
}

type Recorded = Awaited<ReturnType<typeof record>>;

/** The large values of the record, and a place for those that are made again. */
async function payloadsOf({ graph, payloads }: Recorded): Promise<PayloadStore> {
  const made = (await memoryStores(environment().digest).createRun(graph.run)).payloads;
  return {
    ...made,
    getBlob: (digest) => payloads.getBlob(digest),
    openContext: (digest) => payloads.openContext(digest),
  };
}

/** What a transition of this agent may know when its node at this position is about to be made. */
function known(graph: Graph, agentId: string, position: number): readonly RunNode[] {
  return [...graph.walk()]
    .slice(0, position)
    .filter(
      (node) =>
        node.agentId === agentId ||
        (parentAgent(node.agentId) === agentId && (node.type === "query" || endsAgent(node))),
    );
}

interface Transition {
  readonly made: readonly RunNode[];
  readonly cancelled: readonly string[];
  readonly end: string | null;
}

/** Makes one transition in objects of its own, over nothing but this excerpt; effects come from the record. */
async function transitionOf(
  recorded: Recorded,
  agentId: string,
  excerpt: readonly RunNode[],
): Promise<Transition> {
  const { graph } = recorded;
  const own = graph.log(agentId);
  const settings = resolveOptions(partsOf(scriptedClient([])));
  const made: RunNode[] = [];
  const cancelled: string[] = [];
  const begun = Graph.excerpt(graph.run, agentId, excerpt);
  const landed: (() => void)[] = [];
  const journal = new Journal(
    {
      payloads: await payloadsOf(recorded),
      append: async (of, expectedN, nodes) => {
        expect(of, "a transition appends to its own agent").toBe(agentId);
        expect(expectedN).toBe(begun.nextN(agentId) + made.length);
        made.push(...nodes);
      },
    },
    begun,
    settings.environment,
  );
  journal.listen(() => {
    for (const wake of landed.splice(0)) wake();
  });
  /** Resolves when it is this answer's turn: answers arrive in the order in which they did. */
  const turnOf = async ({ n }: CallNode) => {
    while (journal.graph.nextN(agentId) < n) await new Promise<void>((wake) => landed.push(wake));
  };
  const answered = (found: (call: CallNode) => boolean) =>
    own.find((node): node is CallNode => node.type === "call" && node.intent !== true && found(node));
  const send = async (content: string, { caller }: SendOptions) => {
    if (caller?.purpose === "query") {
      const call = answered(({ name, args }) => name === "llmQuery" && args?.[0] === content);
      if (call?.outcome?.ok !== true) throw new Error(`no query "${content}" is on record`);
      await turnOf(call);
      const { attempts = [] } = call;
      return { text: String(call.outcome.value), usage: attempts[0]?.usage, attempts };
    }
    const action = own.find((node) => node.type === "action" && node.n >= journal.graph.nextN(agentId));
    if (action?.type !== "action") throw new Error(`${agentId} asked what it had not asked`);
    return { text: action.reply, usage: action.usage, attempts: action.attempts };
  };
  const repls = new ReplPool(journal, settings);
  const never = new AbortController().signal;
  const schemas = new AnswerSchemas(null);
  const port: AgentPort = {
    agentId,
    journal,
    settings,
    signals: { stop: never, rest: never },
    inFlight: new InFlight(),
    repls,
    effects: {
      enter: async () => () => {},
      reserve: async () => ({ kind: "held", settle: () => {} }),
      send: async (_model, messages, options) => {
        const { text, usage, attempts } = await send(messages.at(-1)?.content ?? "", options);
        if (usage === undefined) throw new Error("a reply on record has its usage");
        return { reply: { text, model: "scripted", usage, finishReason: "stop" }, attempts };
      },
      call: async (_tool, _input, { effectKey }) => {
        const call = answered(({ id }) => effectKey.endsWith(`/${id}`));
        if (call === undefined || call.outcome === null) throw new Error(`${effectKey} is not on record`);
        await turnOf(call);
        if (call.outcome.ok) return call.outcome.value;
        throw Object.assign(new Error(call.outcome.error.message), { name: call.outcome.error.name });
      },
    },
    children: {
      reserve: () => true,
      spawn: async (childId, draft, kept) => {
        await kept;
        const born = graph.log(childId).find((node) => node.parentId === draft.parentId);
        if (born === undefined) throw new Error(`${childId} was not born of ${draft.parentId}`);
        const { id, n, startedAt, endedAt, origin } = born;
        expect({ agentId: childId, id, n, startedAt, endedAt, origin, ...draft }).toEqual(born);
        journal.learn([born]);
      },
      cancel: async (_reason, children = journal.graph.children(agentId)) => void cancelled.push(...children),
    },
    schemaOf: (query) => schemas.of(query),
    tell: () => {},
  };
  const end = await advance(port);
  await repls.close();
  return { made, cancelled, end: end?.kind ?? null };
}

describe("a driver that holds one agent at a time", () => {
  test("makes the nodes of a recorded run of 30 agents, agent by agent", async () => {
    const recorded = await record();
    const { graph } = recorded;
    const byType = Object.groupBy([...graph.walk()], ({ type }) => type);
    expect(graph.agentCount).toBeGreaterThanOrEqual(30);
    expect(Math.max(...(byType.query ?? []).map((node) => ("depth" in node ? node.depth : 0)))).toBe(2);
    const cancelled = new Set<string>();
    let transitions = 0;
    for (const agentId of graph.agents()) {
      const own = graph.log(agentId);
      let done = 1;
      for (let next = own[done]; next !== undefined; next = own[done]) {
        // A further query and a cancellation come from outside.
        if (next.type === "query" || (next.type === "error" && next.kind === "cancelled")) {
          if (next.type === "error") expect([...cancelled]).toContain(agentId);
          done += 1;
          continue;
        }
        const excerpt = known(graph, agentId, graph.position(next.id) ?? 0);
        const transition = await transitionOf(recorded, agentId, excerpt);
        expect(transition.made, `${agentId} from ${next.id} on`).toEqual(
          own.slice(done, done + Math.max(1, transition.made.length)),
        );
        for (const child of transition.cancelled) cancelled.add(child);
        done += transition.made.length;
        transitions += 1;
      }
      expect((await transitionOf(recorded, agentId, known(graph, agentId, graph.length))).end).toBeNull();
    }
    expect(transitions).toBeGreaterThan(100);
    await recorded.flow.close();
  });

  test("is told when an excerpt has a gap in the agent's own log", async () => {
    const { graph, flow } = await record();
    const own = graph.log("root.part_a");
    expect(() => Graph.excerpt(graph.run, "root.part_a", [...own.slice(0, 2), ...own.slice(3)])).toThrow(
      `Node ${own[3]?.id} has n = 3, but the log of agent root.part_a goes on at 2`,
    );
    await flow.close();
  });
});
