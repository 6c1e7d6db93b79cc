import { checkRun, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { type Client, type Graph, RLMFlow, type RunConfig } from "../../src/index.ts";
import type { Attempt } from "../../src/store.ts";
import { inlineRuntime } from "./inline-runtime.ts";

const AGENTS = 100;
const PRICE = { inputPerMillionUsd: 3, outputPerMillionUsd: 15 };
/** Tokens by which the output of a reply passes the cap it was asked to keep. */
const BEYOND_CAP = 40;

function block(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}

const ROOT_CODE = `
const handles = Array.from({ length: ${AGENTS} }, () => delegate("c", "Spend."));
const ends = await Promise.allSettled(handles.map((handle) => wait(handle)));
await done(ends.filter((end) => end.status === "fulfilled").length);`;

/** A model that takes twice the input it was thought to, and more output than it may. */
function greedyClient(): Client {
  const scripted = scriptedClient(
    ({ agentId, turn }) =>
      block(agentId === "root" ? ROOT_CODE : turn < 5 ? "print('more')" : "await done(1)"),
    { model: "greedy", latencyMs: ({ agentId, turn }) => (agentId.length * 7 + turn * 5) % 12 },
  );
  return {
    protocol: 1,
    model: "greedy",
    async chat(messages, options = {}) {
      const reply = await scripted.chat(messages, options);
      const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
      const output = (options.maxOutputTokens ?? 0) + BEYOND_CAP;
      const usage = { input: Math.ceil(characters / 3) * 2, cached: null, output, reasoning: null };
      return { ...reply, usage: { ...usage, costMicroUsd: null } };
    },
  };
}

async function spend(config: RunConfig): Promise<Graph> {
  await using flow = new RLMFlow({
    client: greedyClient(),
    runtime: inlineRuntime(),
    prices: { greedy: PRICE },
    config: {
      maxOutputTokens: 200,
      maxChildren: AGENTS,
      maxConcurrency: 40,
      childMaxIterations: 8,
      ...config,
    },
  });
  const { graph } = await flow.run("Spend.");
  await checkRun(graph);
  return graph;
}

/** What was held back for a request, and what it took. */
interface Booking {
  readonly attempt: Attempt;
  readonly estimate: number;
  readonly real: number;
}

function bookings(graph: Graph, unit: "tokens" | "microUsd"): readonly Booking[] {
  const attempts = [...graph.walk()].flatMap((node) => ("attempts" in node ? (node.attempts ?? []) : []));
  const worth = (input: number, output: number) =>
    unit === "tokens"
      ? input + output
      : Math.ceil(input * PRICE.inputPerMillionUsd + output * PRICE.outputPerMillionUsd);
  return attempts.map((attempt) => {
    const input = attempt.usage.input ?? 0;
    const output = attempt.usage.output ?? 0;
    return { attempt, estimate: worth(input / 2, output - BEYOND_CAP), real: worth(input, output) };
  });
}

function sum(all: readonly Booking[], part: (booking: Booking) => number): number {
  return all.reduce((total, booking) => total + part(booking), 0);
}

/** A request is let in a moment before it is sent, and booked a moment after it has ended. */
const MOMENT_MS = 2;

/** Those that were in flight when this one was let in, itself included. */
function inFlight(all: readonly Booking[], { attempt: { startedAt } }: Booking): readonly Booking[] {
  return all.filter(
    ({ attempt }) => attempt.startedAt <= startedAt && attempt.endedAt >= startedAt - MOMENT_MS,
  );
}

describe.each([
  { unit: "tokens", limit: 200_000, config: { maxTotalTokens: 200_000 } },
  { unit: "microUsd", limit: 900_000, config: { maxCostUsd: 0.9 } },
] as const)(`${AGENTS} agents that share a limit in $unit`, ({ unit, limit, config }) => {
  test("overspend by at most what requests in flight took beyond what was held back for them", async () => {
    const graph = await spend(config);
    const all = bookings(graph, unit);
    const spent = sum(all, ({ real }) => real);
    expect(unit === "tokens" ? graph.usage().input + graph.usage().output : graph.usage().costMicroUsd).toBe(
      spent,
    );
    // Nobody would overspend who never came near the limit, or did not work side by side.
    expect(spent).toBeGreaterThan(limit);
    const last = all.reduce((newest, next) =>
      next.attempt.startedAt > newest.attempt.startedAt ? next : newest,
    );
    const together = Math.max(...all.map((booking) => inFlight(all, booking).length));
    expect(together).toBeGreaterThan(10);
    expect(spent - limit).toBeLessThanOrEqual(
      sum(inFlight(all, last), ({ estimate, real }) => real - estimate),
    );
  });

  test("are let in only while what was spent and is held back stays below it", async () => {
    const graph = await spend(config);
    const all = bookings(graph, unit);
    for (const booking of all) {
      const { startedAt } = booking.attempt;
      const before = all.filter(({ attempt }) => attempt.endedAt < startedAt - MOMENT_MS);
      const held = sum(before, ({ real }) => real) + sum(inFlight(all, booking), ({ estimate }) => estimate);
      // Of requests that began in the same millisecond the last one was let in with all of the others.
      expect(held).toBeLessThanOrEqual(limit);
    }
    const kinds = new Set([...graph.walk()].flatMap((node) => (node.type === "error" ? [node.kind] : [])));
    expect([...kinds]).toEqual(["limit_reached"]);
  });
});
