import type { ServerResponse } from "node:http";
import { type FlowOptions, RLMFlow } from "@rlmflow/core";
import { checkRun } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { inlineRuntime } from "../../../core/test/engine/inline-runtime.ts";
import { openaiClient } from "../../src/openai/index.ts";
import { chunk, DONE, usageChunk } from "../provider/openai-wire.ts";
import { pause, providerServer, refuse, type SeenRequest } from "../provider/provider-server.ts";

/** The agent's task: the first message of a user. */
function taskOf({ body }: SeenRequest): string {
  const messages = body.messages as readonly { readonly role: string; readonly content: string }[];
  const content = messages.find(({ role }) => role === "user")?.content ?? "";
  return /task:([\w. ]*)/.exec(content)?.[1] ?? "";
}

function reply(response: ServerResponse, code: string): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const usage = usageChunk({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 });
  response.end(`${chunk({ content: `\`\`\`repl\n${code}\n\`\`\`` })}${chunk({}, "stop")}${usage}${DONE}`);
}

/** A model whose agents delegate to as many children as their level says, and answer with the leaves below them. */
function fanOut(task: string, widths: readonly number[]): string {
  const width = widths[task === "" ? 0 : task.split(".").length];
  if (width === undefined) return "await done(1)";
  const name = task === "" ? "" : `${task}.`;
  return [
    `const handles = Array.from({ length: ${width} }, (_, i) => delegate('c', 'task:${name}' + i));`,
    "const counts = await wait(...handles);",
    "await done(counts.reduce((sum, count) => sum + count, 0));",
  ].join("\n");
}

/** A latency as providers have it: mostly short, now and then many times that. The same for the same task. */
function heavyTailed(task: string): number {
  let hash = 7;
  for (const unit of task) hash = (Math.imul(hash, 31) + unit.charCodeAt(0)) >>> 0;
  const share = (Math.imul(hash ^ (hash >>> 13), 0x5bd1e995) >>> 8) / 2 ** 24;
  return Math.min(1500, 40 / (1 - share) ** 0.8);
}

/** Counts what is between its arrival and its answer. */
class InFlight {
  now = 0;
  most = 0;

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    try {
      return await work();
    } finally {
      this.now -= 1;
    }
  }
}

type Clients = Required<Pick<FlowOptions, "client">> | Required<Pick<FlowOptions, "clients">>;

function flowOf(options: FlowOptions & Clients): RLMFlow {
  return new RLMFlow({ runtime: inlineRuntime(), ...options });
}

test("a thousand agents finish, with no more requests in flight than allowed and each made once", async () => {
  const inFlight = new InFlight();
  await using server = await providerServer((request, response) =>
    inFlight.during(async () => {
      const task = taskOf(request);
      await pause(heavyTailed(task));
      reply(response, fanOut(task, [9, 110]));
    }),
  );
  const client = openaiClient({ model: "test", baseURL: server.url });
  const config = { maxAgents: 1000, maxChildren: 110, maxConcurrency: 48 };
  await using flow = flowOf({ client, config });
  const { answer, graph } = await flow.run("task:");
  expect(answer).toBe(990);
  expect(graph.agents()).toHaveLength(1000);
  expect(server.requests).toHaveLength(1000);
  expect(inFlight.most).toBeLessThanOrEqual(48);
  expect(inFlight.most).toBeGreaterThan(30);
  await checkRun(graph);
});

test("each client keeps to its own cap, and all of them to the flow's", async () => {
  const all = new InFlight();
  const open = (own: InFlight) =>
    providerServer((request, response) =>
      all.during(() =>
        own.during(async () => {
          await pause(40);
          const task = taskOf(request);
          const code = fanOut(task, [60]).replace("'task:' + i", "'task:' + i, { model: i % 2 ? 'b' : 'a' }");
          reply(response, code);
        }),
      ),
    );
  const [inA, inB] = [new InFlight(), new InFlight()];
  await using a = await open(inA);
  await using b = await open(inB);
  const clients = {
    a: { client: openaiClient({ model: "a", baseURL: a.url }), maxConcurrency: 3 },
    b: { client: openaiClient({ model: "b", baseURL: b.url }), maxConcurrency: 7 },
  };
  await using flow = flowOf({ clients, config: { maxConcurrency: 8 } });
  expect((await flow.run("task:")).answer).toBe(60);
  expect([a.requests.length, b.requests.length]).toEqual([31, 30]);
  expect(inA.most).toBeLessThanOrEqual(3);
  expect(inB.most).toBeLessThanOrEqual(7);
  expect(inB.most).toBeGreaterThan(inA.most);
  expect(all.most).toBeLessThanOrEqual(8);
  expect(all.most).toBeGreaterThan(5);
});

test("who was ready last is asked for first", async () => {
  const order: string[] = [];
  await using server = await providerServer(async (request, response) => {
    order.push(taskOf(request));
    await pause(60);
    reply(response, fanOut(taskOf(request), [6]));
  });
  const client = openaiClient({ model: "test", baseURL: server.url });
  await using flow = flowOf({ client, config: { maxConcurrency: 1 } });
  expect((await flow.run("task:")).answer).toBe(6);
  // The first takes the free place; of those that wait, the last one goes next.
  expect(order).toEqual(["", "0", "5", "4", "3", "2", "1"]);
});

test("trees are finished before many others are begun", async () => {
  const open = new Map<string, number>();
  let most = 0;
  await using server = await providerServer(async (request, response) => {
    const [tree = ""] = taskOf(request).split(".");
    if (tree !== "") open.set(tree, (open.get(tree) ?? 3) - 1);
    if (open.get(tree) === 0) open.delete(tree);
    most = Math.max(most, open.size);
    await pause(20);
    reply(response, fanOut(taskOf(request), [20, 2]));
  });
  const client = openaiClient({ model: "test", baseURL: server.url });
  await using flow = flowOf({ client, config: { maxConcurrency: 2 } });
  expect((await flow.run("task:")).answer).toBe(40);
  // First come, first served would begin all twenty before it asks for the first leaf.
  expect(most).toBeLessThanOrEqual(10);
});

test("where a provider refuses for now, nobody asks it until it may be asked again, and all finish", async () => {
  let refused = 0;
  let answered = 0;
  let askAgainAt = 0;
  await using server = await providerServer(async (request, response) => {
    const task = taskOf(request);
    if (task === "") return reply(response, fanOut(task, [40]));
    askAgainAt ||= Date.now() + 1000;
    if (Date.now() < askAgainAt) {
      refused += 1;
      await pause(50);
      refuse(response, 429, { error: { message: "slow down" } }, { "retry-after": "1" });
    } else {
      answered += 1;
      reply(response, fanOut(task, [40]));
    }
  });
  const client = openaiClient({ model: "test", baseURL: server.url });
  await using flow = flowOf({ client, config: { maxConcurrency: 10 } });
  const { answer, graph } = await flow.run("task:");
  expect(answer).toBe(40);
  // Those that were sent together were refused together; the next came when the second was over.
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThanOrEqual(10);
  expect(answered).toBe(40);
  const attempts = [...graph.walk()].flatMap((node) => (node.type === "action" ? node.attempts : []));
  expect(attempts.filter(({ outcome }) => outcome === "rate_limit")).toHaveLength(refused);
});
