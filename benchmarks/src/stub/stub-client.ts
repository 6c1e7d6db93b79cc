import { type Client, type Reply, RLMError } from "@rlmflow/core";
import { commandOf, type Task } from "./task.ts";

/** A request to a stubbed model: an agent's turn, or the question its code puts. */
export interface Asking {
  readonly agentId: string;
  readonly purpose: "act" | "query";
  /** The agent's turn, or the number of the child whose answer the question is about. */
  readonly place: number;
}

/** How a stubbed model takes its time. */
export interface Pace {
  /** Milliseconds before the reply. */
  latency(asking: Asking): number;
  /** Hears how long the request really took. */
  took(asking: Asking, ms: number): void;
}

/** A model that replies with the code of the agent's task: at once, or at the given pace. */
export function stubClient(pace?: Pace): Client {
  return {
    protocol: 1,
    model: "stub",
    async chat(messages, { caller, signal } = {}) {
      const { agentId = "root", turn = 0, purpose = "act" } = caller ?? {};
      // A question is one message, the number of its child; an agent's query follows the system prompt.
      const prompt = messages[purpose === "query" ? 0 : 1]?.content ?? "";
      const text = purpose === "query" ? "yes" : replyTo(prompt, turn);
      if (text === null) return await untilAborted(signal);
      if (pace !== undefined)
        await keepPace(pace, { agentId, purpose, place: purpose === "query" ? Number(prompt) : turn });
      return replyOf(text);
    },
  };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener(
      "abort",
      () => reject(new RLMError("request_failed", "The request was aborted.")),
      {
        once: true,
      },
    );
  });
}

async function keepPace(pace: Pace, asking: Asking): Promise<void> {
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, pace.latency(asking)));
  pace.took(asking, performance.now() - startedAt);
}

function replyTo(query: string, turn: number): string | null {
  const command = commandOf(readTask(query), turn);
  return command === null ? null : `\`\`\`repl\n${JSON.stringify(command)}\n\`\`\``;
}

/** The task stands alone in the first line; with `maxMessages` a note may follow. */
function readTask(query: string): Task {
  const [line = ""] = query.split("\n", 1);
  return JSON.parse(line);
}

function replyOf(text: string): Reply {
  const usage = { input: 0, cached: null, output: 0, reasoning: null, costMicroUsd: null };
  return { text, finishReason: "stop", usage, model: "stub" };
}
