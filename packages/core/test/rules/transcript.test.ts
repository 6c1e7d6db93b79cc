import { describe, expect, test } from "vitest";
import { reopens } from "../../src/data/may-open-again.ts";
import type { ChainNode, Graph, Message } from "../../src/index.ts";
import { FINAL_REQUEST, type MessageOptions, Transcript, taskMessage } from "../../src/rules/messages.ts";
import { RunBuilder } from "../data/run-builder.ts";
import { Seeded } from "../data/seeded.ts";

const AGENT = "root";

/** The messages as they are defined: from the whole chain at once, with nothing kept. */
function plainMessages(chain: readonly ChainNode[], options: MessageOptions): readonly Message[] {
  const replaced = new Set(chain.map((node) => (node.type === "action" ? node.replaces : undefined)));
  const told: Message[] = [];
  for (const [place, node] of chain.entries()) {
    const next = chain[place + 1];
    if (replaced.has(node.id) || (next !== undefined && reopens(next, node))) continue;
    const message = plainMessage(node);
    if (message !== null && message.content !== "") join(told, message);
  }
  const task = chain.findLast((node) => node.type === "query");
  const sent = windowOf(told, options.maxMessages, task === chain[0] ? null : (task?.query ?? null));
  if (options.final) join(sent, { role: "user", content: FINAL_REQUEST });
  return [{ role: "system", content: options.systemPrompt }, ...sent];
}

function plainMessage(node: ChainNode): Message | null {
  if (node.type === "query") return { role: "user", content: taskMessage(node) };
  if (node.type === "action") {
    const content = node.replaces === undefined ? node.reply : `\`\`\`repl\n${node.code}\n\`\`\``;
    return { role: "assistant", content };
  }
  if (node.type === "supervising" || node.type === "result") return null;
  return node.type === "error" && node.kind === "limit_reached"
    ? null
    : { role: "user", content: node.content };
}

function join(messages: Message[], message: Message): void {
  const last = messages.at(-1);
  if (last?.role !== message.role) messages.push(message);
  else messages.splice(-1, 1, { role: last.role, content: `${last.content}\n\n${message.content}` });
}

function windowOf(told: readonly Message[], maxMessages: number | null, later: string | null): Message[] {
  const [first, ...rest] = told;
  if (first === undefined || maxMessages === null || rest.length <= maxMessages) return [...told];
  const kept = rest.slice(rest.length - maxMessages);
  const inView = kept.some(
    ({ role, content }) => role === "user" && later !== null && content.includes(later),
  );
  const parts = [first.content, `(${rest.length - maxMessages} messages left out)`];
  if (later !== null && !inView) parts.push(later);
  const window: Message[] = [{ role: "user", content: parts.join("\n\n") }];
  for (const message of kept) join(window, message);
  return window;
}

/** Appends what may follow in a chain, and now and then what no engine would write. */
function addSomething(run: RunBuilder, seeded: Seeded, count: number): void {
  const head = run.graph.head(AGENT);
  const text = seeded.pick(["", `text ${count}`, "text"]);
  const turn = run.graph.chain(AGENT).filter((node) => node.type === "query").length;
  const config = { kind: "config", agentId: AGENT, config: { maxIterations: 40 + count } } as const;
  const steps: (() => void)[] = [
    () => run.action(AGENT, `code ${count}`),
    () => run.action(AGENT, null),
    () => run.action(AGENT, `better ${count}`, { replaces: replaceable(run, seeded), origin: "user" }),
    () => run.observation(AGENT, text),
    () => run.supervising(AGENT, [{ index: 0, agents: ["root.a"] }]),
    () => run.resume(AGENT, text),
    () => run.error(AGENT, "exception"),
    () => run.add(AGENT, { type: "observation", content: text, edit: { kind: "say", agentId: AGENT, text } }),
    () => run.add(AGENT, { type: "observation", content: text, edit: config, origin: "user" }),
    () =>
      run.error(AGENT, seeded.pick(["limit_reached", "request_failed", "runtime_failed"]), { fatal: true }),
    () => run.result(AGENT, count),
    () => run.query(AGENT, `Task ${count}`, { ordinal: turn }),
  ];
  const isEnd = head?.type === "result" || (head?.type === "error" && head.fatal);
  const step = isEnd && seeded.below(4) > 0 ? seeded.pick([steps[8], steps[11]]) : seeded.pick(steps);
  step?.();
}

/** Mostly the newest reply, as an edit would; now and then one that the model was shown long ago. */
function replaceable(run: RunBuilder, seeded: Seeded): string {
  const actions = run.graph.chain(AGENT).filter((node) => node.type === "action");
  const chosen = seeded.below(4) === 0 && actions.length > 0 ? seeded.pick(actions) : actions.at(-1);
  return chosen?.id ?? "root#0";
}

function expectEqual(transcript: Transcript, graph: Graph, seeded: Seeded): void {
  const chain = graph.chain(AGENT);
  const maxMessages = seeded.pick([null, 1, 2, 3, 5, 50]);
  for (const final of [false, true]) {
    const options = { systemPrompt: seeded.pick(["Be good.", "Be better."]), maxMessages, final };
    expect(transcript.messages(options)).toEqual(plainMessages(chain, options));
  }
}

describe("a transcript that grows with its chain", () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))("is that of the whole chain: seed %i", (seed) => {
    const seeded = new Seeded(seed);
    const run = new RunBuilder();
    run.query(AGENT, "Begin.", seed % 2 === 0 ? {} : { input: "There is input." });
    let transcript: Transcript | null = null;
    const graphs = [run.graph];
    for (let count = 0; count < 60; count++) {
      addSomething(run, seeded, count);
      graphs.push(run.graph);
      if (seeded.below(3) === 0) continue;
      transcript = Transcript.of(run.graph, AGENT, transcript);
      expectEqual(transcript, run.graph, seeded);
    }
    // Every older graph gives what it gave then, whatever the transcript was made for.
    for (const graph of graphs) expectEqual(Transcript.of(graph, AGENT, transcript), graph, seeded);
  });

  test("follows another way that a run was made to take", () => {
    const run = new RunBuilder();
    run.query(AGENT, "Begin.");
    for (let count = 0; count < 5; count++) {
      run.action(AGENT, `code ${count}`);
      run.observation(AGENT, `seen ${count}`);
    }
    const other = new RunBuilder(run.graph.at("root#4"));
    for (let count = 0; count < 9; count++) other.action(AGENT, `other ${count}`);
    const first = Transcript.of(run.graph, AGENT, null);
    const seeded = new Seeded(1);
    expectEqual(Transcript.of(other.graph, AGENT, first), other.graph, seeded);
    expectEqual(Transcript.of(run.graph, AGENT, first), run.graph, seeded);
  });

  test("gives the same frozen objects again, and makes new ones only of what is new", () => {
    const run = new RunBuilder();
    run.query(AGENT, "Begin.");
    const options: MessageOptions = { systemPrompt: "Be good.", maxMessages: null, final: false };
    let transcript: Transcript | null = null;
    const seen = new Set<Message>();
    for (let count = 0; count < 100; count++) {
      // A policy changes every reply before its code is run.
      run.action(AGENT, `code ${count}`);
      run.action(AGENT, `better ${count}`, { replaces: run.graph.head(AGENT)?.id ?? "" });
      run.observation(AGENT, `seen ${count}`);
      const next: Transcript = Transcript.of(run.graph, AGENT, transcript);
      if (transcript !== null) expect(next).toBe(transcript);
      transcript = next;
      for (const message of next.messages(options)) seen.add(message);
      for (const message of next.messages({ ...options, final: true }))
        expect(message).toSatisfy(Object.isFrozen);
    }
    expect(seen.size).toBe(202);
  });

  test("is not changed by what a client does to the list it was given", () => {
    const run = new RunBuilder();
    run.query(AGENT, "Begin.");
    const options: MessageOptions = { systemPrompt: "Be good.", maxMessages: null, final: false };
    const transcript = Transcript.of(run.graph, AGENT, null);
    const given = [transcript.messages(options), transcript.messages(options)];
    for (const list of given) if (Array.isArray(list)) list.length = 0;
    expect(transcript.messages(options)).toHaveLength(2);
  });
});
